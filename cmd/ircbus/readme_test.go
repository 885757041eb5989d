package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// readme runs the commands of README.md as a newcomer would, one block after the other
// in one shell, and lets run on what does not end.
type readme struct {
	t       *testing.T
	dir     string            // where they type
	exports []string          // what export has said
	ports   map[string]string // free ones, by those of README
	running []*exec.Cmd
	ended   []chan struct{} // closed when nothing that a running command has started is left
}

// TestCaseE2: the steps of README.md work in the order in which they stand, while
// what earlier ones have started still runs.
func TestCaseE2(t *testing.T) {
	r := &readme{t: t, dir: t.TempDir(), ports: map[string]string{}}
	t.Cleanup(r.stop)
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, port := range []string{"6667", "8667", "6668", "8668"} {
		_, free, err := net.SplitHostPort(freeAddress(t))
		if err != nil {
			t.Fatal(err)
		}
		r.ports[port] = free
		page = strings.ReplaceAll(page, "127.0.0.1:"+port, "127.0.0.1:"+free)
	}
	r.exports = []string{"export IRCBUS_SERVER=127.0.0.1:" + r.ports["8667"]} // the default, were its port free
	steps := 0
	for _, block := range documentBlock.FindAllString(page, -1) {
		for line := range strings.Lines(blockIndent.ReplaceAllString(block, "")) {
			if line = strings.TrimSpace(line); line != "" && r.step(line) {
				steps++
			}
		}
	}
	if steps < 15 {
		t.Errorf("only %d steps were found", steps)
	}
}

// step does a line of a block, if it is a command.
func (r *readme) step(line string) bool {
	r.t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "go test ./...": // we are in it
	case line == "go run ./cmd/ircbus demo":
		r.start("ready", "go -C "+r.root()+" run ./cmd/ircbus demo --irc 127.0.0.1:"+r.ports["6667"]+" --http 127.0.0.1:"+r.ports["8667"]+" --pace 200ms")
	case word == "go":
		r.do("GOBIN=" + r.dir + " go -C " + r.root() + " " + rest)
	case strings.HasPrefix(line, "irssi --connect=127.0.0.1"):
		// What comes of /join is looked at in TestCaseE5; here the server must be there.
		conn, err := net.Dial("tcp", "127.0.0.1:"+r.ports["6667"])
		if err != nil {
			r.t.Error(err)
			break
		}
		conn.Close()
	case word == "export":
		r.exports = append(r.exports, line)
	case strings.HasPrefix(line, "ircbus serve"):
		r.start("ready", line)
	case strings.HasPrefix(line, "curl -N"):
		r.start(`"page"`, line)
	case strings.HasPrefix(line, "ircbus follow"):
		r.start(`"page"`, line)
	case word == "curl" || word == "ircbus" || word == "echo":
		r.do(line)
	default:
		return false
	}
	return true
}

func (r *readme) root() string {
	root, err := filepath.Abs("../..")
	if err != nil {
		r.t.Fatal(err)
	}
	return root
}

// command is a line for a shell that knows what was exported.
func (r *readme) command(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-ec", strings.Join(append(r.exports, line), "\n"))
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "PATH="+r.dir+":"+os.Getenv("PATH"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// do runs a line that must end well and say something.
func (r *readme) do(line string) {
	r.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil && strings.HasPrefix(line, "curl") {
		r.t.Logf("there is no curl: %s", line)
		return
	}
	out, err := r.command(line).CombinedOutput()
	if err != nil || len(out) == 0 && !strings.Contains(line, "go ") || bytes.Contains(out, []byte(`"status":4`)) {
		r.t.Errorf("%s: %v\n%s", line, err, out)
	}
}

// start runs a line that does not end by itself, and waits until it says something.
func (r *readme) start(says, line string) {
	r.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil && strings.HasPrefix(line, "curl") {
		r.t.Logf("there is no curl: %s", line)
		return
	}
	cmd := r.command("exec " + line)
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan struct{})
	r.running, r.ended = append(r.running, cmd), append(r.ended, ended)
	said := make(chan string, 2)
	go func() {
		defer close(ended)
		var all strings.Builder
		lines := bufio.NewScanner(out)
		for found := false; lines.Scan(); {
			if !found {
				fmt.Fprintln(&all, lines.Text())
			}
			if !found && strings.Contains(lines.Text(), says) {
				found = true
				said <- ""
			}
		}
		said <- all.String() // nobody reads it who has been told
	}()
	select {
	case missed := <-said:
		if missed != "" {
			r.t.Fatalf("%s ended without saying %q:\n%s", line, says, missed)
		}
	case <-time.After(3 * time.Minute): // the demo is built meanwhile
		r.t.Fatalf("%s never said %q", line, says)
	}
}

func (r *readme) stop() {
	for _, cmd := range r.running {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	for i, cmd := range r.running {
		<-r.ended[i]
		cmd.Wait()
	}
}

// TestCaseE5: in the demo, the word that README.md highlights comes among the lines
// that are shown on joining, and a packed channel shows lines, too.
func TestCaseE5(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`(?m)^    /hilight (\w+)$`).FindStringSubmatch(string(text))
	joins := regexp.MustCompile(`(?m)^    /join (\S+)$`).FindAllStringSubmatch(string(text), -1)
	if word == nil || len(joins) != 3 {
		t.Fatal(word, joins)
	}
	p := launch(t, "demo", "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--pace", "1h")
	p.until("ready")
	found := regexp.MustCompile(`irssi -c (\S+) -p (\d+)`).FindStringSubmatch(p.output())
	conn, err := net.Dial("tcp", net.JoinHostPort(found[1], found[2]))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, "NICK me\r\nUSER me 0 * :me\r\n")
	lines := bufio.NewScanner(conn)
	for _, join := range joins {
		fmt.Fprintf(conn, "JOIN %s\r\n", join[1])
		// The recorded lines come as old or as new ones, as fast as the demo is.
		for found := false; !found; {
			if !lines.Scan() {
				t.Fatalf("no such line in %s: %v", join[1], lines.Err())
			}
			prefix, text, _ := strings.Cut(lines.Text(), " "+join[1]+" :")
			found = strings.HasSuffix(prefix, "PRIVMSG") && (join[1] != "#enwiki.text" || strings.Contains(strings.ToLower(text), word[1]))
		}
	}
	p.end(os.Interrupt)
}
