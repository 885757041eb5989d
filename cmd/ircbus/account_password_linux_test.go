package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// openTerminal returns the two ends of a pseudo-terminal: the person's and the
// program's.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	raw, err := person.SyscallConn() // Fd would make reads without deadline
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var ioctlErr error
	err = raw.Control(func(fd uintptr) {
		if ioctlErr = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); ioctlErr == nil {
			number, ioctlErr = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil || ioctlErr != nil {
		t.Fatal(err, ioctlErr)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	if err := person.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	return person, program
}

// dialogue answers each prompt, and returns all that was seen on the screen.
func dialogue(t *testing.T, person io.ReadWriter, prompts ...string) string {
	t.Helper()
	var screen bytes.Buffer
	buf := make([]byte, 256)
	for i := 0; i < len(prompts); i += 2 {
		for !strings.HasSuffix(screen.String(), prompts[i]) {
			n, err := person.Read(buf)
			if err != nil {
				t.Fatalf("waiting for %q after %q: %v", prompts[i], screen.String(), err)
			}
			screen.Write(buf[:n])
		}
		if _, err := io.WriteString(person, prompts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return screen.String()
}

func TestPasswordPrompt(t *testing.T) {
	const first, second = "Password for ada: ", "The same again: "
	for _, c := range []struct {
		name string
		talk []string
		code int
	}{
		{"twice", []string{first, "correcT\x7ft סוס\r", second, "correct סוס\r", "/data.\r\n", ""}, exitDone},
		{"different", []string{first, "correct horse\r", second, "correct house\r", "the two passwords differ: try again\r\n", ""}, exitFailed},
		{"short", []string{first, "short\r", "use at least 10 characters\r\n", ""}, exitFailed},
		{"interrupt", []string{first, "corr\x03", "nothing has changed\r\n", ""}, exitFailed},
		{"end", []string{first, "correct horse\r", second, "\x04", "nothing has changed\r\n", ""}, exitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAccounts(t)
			person, program := openTerminal(t)
			before, err := term.GetState(int(program.Fd()))
			if err != nil {
				t.Fatal(err)
			}
			var stdout bytes.Buffer
			code := make(chan int, 1)
			go func() {
				args := []string{"--data", a.dir, "account", "add", "ada", "--role", "user"}
				code <- run(t.Context(), args, program, &stdout, program)
			}()
			screen := dialogue(t, person, c.talk...)
			if got := <-code; got != c.code || stdout.Len() > 0 {
				t.Errorf("exit code %d, %q", got, &stdout)
			}
			if strings.Contains(screen, "orr") || strings.Contains(screen, "סוס") {
				t.Errorf("the password is on the screen: %q", screen)
			}
			if after, err := term.GetState(int(program.Fd())); err != nil || !reflect.DeepEqual(before, after) {
				t.Errorf("the terminal is left as %v, was %v (%v)", after, before, err)
			}
			if c.code == exitDone {
				a.login(t, "ada", "correct סוס")
			}
		})
	}
}
