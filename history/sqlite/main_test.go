package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childEnv names, in a process that a test has started, what it is for. Some
// things can only be done to a whole process: kill it, limit it.
const childEnv = "IRCBUS_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "crash" {
		if err := crashChild(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// inChild reports whether this process was started for the test.
func inChild(t *testing.T) bool { return os.Getenv(childEnv) == t.Name() }

// child is a process that runs only the present test.
func child(t *testing.T) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), childEnv+"="+t.Name())
	return cmd
}

// mustPass runs a child and shows what it said.
func mustPass(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	t.Log(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
}
