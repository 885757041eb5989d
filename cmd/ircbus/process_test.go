package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long tests wait for what must happen.
const patience = 5 * time.Minute

// process is a running ircbus.
type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	said chan string // lines of standard error, closed at its end

	mu  sync.Mutex
	all strings.Builder // guarded by mu
}

// launch starts the real program.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(binary, args...), said: make(chan string, 1000)}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	go p.listen(stderr)
	return p
}

func (p *process) listen(stderr io.Reader) {
	defer close(p.said)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		p.mu.Lock()
		p.all.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		p.said <- lines.Text()
	}
}

// output is everything on standard error so far.
func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all.String()
}

// until waits for a line of standard error that contains the words.
func (p *process) until(words string) {
	p.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case line, more := <-p.said:
			if !more {
				p.t.Fatalf("it ended without saying %q:\n%s", words, p.output())
			}
			if strings.Contains(line, words) {
				return
			}
		case <-deadline:
			p.t.Fatalf("it never said %q:\n%s", words, p.output())
		}
	}
}

// end sends a signal and returns the exit code.
func (p *process) end(s os.Signal) (code int) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	for range p.said {
	}
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// address is what follows a word in the output, as in "IRC  127.0.0.1:6667".
func (p *process) address(word string) string {
	p.t.Helper()
	found := regexp.MustCompile(`(?m)^` + word + ` +(?:http://)?([0-9.:]+)`).FindStringSubmatch(p.output())
	if found == nil {
		p.t.Fatalf("no address of %s in\n%s", word, p.output())
	}
	return found[1]
}

// TestServeUntilSignal: it says where it listens, then "ready"; a signal ends it
// well although clients are there.
func TestServeUntilSignal(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		data := filepath.Join(t.TempDir(), "data")
		p := launch(t, "serve", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
		p.until("ready")
		if !strings.Contains(p.output(), "account add") {
			t.Errorf("a new bus does not say what to try next:\n%s", p.output())
		}
		conn, err := net.Dial("tcp", p.address("IRC"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "NICK a\r\nUSER a 0 * :a\r\nPING here\r\n"); err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		lines := bufio.NewReader(conn)
		for line := ""; !strings.Contains(line, "PONG"); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		stream, err := http.Get("http://" + p.address("HTTP") + "/stream")
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Body.Close()
		if s == syscall.SIGTERM { // neither does who never finishes a request hold it up
			half, err := net.Dial("tcp", p.address("HTTP"))
			if err != nil {
				t.Fatal(err)
			}
			defer half.Close()
			if _, err := io.WriteString(half, "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nha"); err != nil {
				t.Fatal(err)
			}
		}
		code := p.end(s)
		if code != exitDone {
			t.Errorf("%v: exit code %d\n%s", s, code, p.output())
		}
		if rest, err := io.ReadAll(lines); err != nil || !strings.Contains(string(rest), "ERROR :") {
			t.Errorf("the client was told %q, %v", rest, err)
		}
	}
}

// TestHint: what a new bus proposes can be pasted into a shell.
func TestHint(t *testing.T) {
	for _, access := range []string{"open", "login"} {
		data := filepath.Join(t.TempDir(), "it's new")
		p := launch(t, "serve", "--data", data, "--config", writeConfig(t, "irc = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\naccess = \""+access+"\"\n"))
		p.until("ready")
		var script strings.Builder
		for line := range strings.Lines(p.output()) {
			if command, found := strings.CutPrefix(line, "  "); found && strings.Contains(command, "ircbus ") {
				script.WriteString(command)
			}
		}
		shell := exec.Command("sh", "-e")
		shell.Stdin = strings.NewReader(script.String())
		shell.Env = append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
		out, err := shell.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(out), "\n1\n") {
			t.Errorf("%v, %s\n%s", err, out, script.String())
		}
		p.end(syscall.SIGTERM)
	}
}

// TestQuoted: a shell gives back what was quoted.
func TestQuoted(t *testing.T) {
	for _, word := range []string{"", "/srv/ircbus", "it's $HOME; \"rm\" *\\\n"} {
		if out, err := exec.Command("sh", "-c", "printf %s "+quoted(word)).Output(); err != nil || string(out) != word {
			t.Errorf("%q became %q, %v", word, out, err)
		}
	}
}

// TestSecondProcess: the second one on the same data names the first.
func TestSecondProcess(t *testing.T) {
	data := t.TempDir()
	first := launch(t, "serve", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
	first.until("ready")
	pid := regexp.MustCompile(`process (\d+)`)
	code, _, errs := invoke(t, "serve", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
	if found := pid.FindStringSubmatch(errs); code != exitFailed || found == nil || !strings.Contains(errs, data) {
		t.Errorf("code %d, %q", code, errs)
	}
	code, _, errs = invoke(t, "serve", "--data", t.TempDir(), "--irc", first.address("IRC"), "--http", "")
	if code != exitFailed || !strings.Contains(errs, "already listens on "+first.address("IRC")) || strings.Count(errs, "\n") != 1 {
		t.Errorf("code %d, %q", code, errs)
	}
	// After a crash the lock is gone.
	first.end(os.Kill)
	again := launch(t, "serve", "--data", data, "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
	again.until("ready")
	if code := again.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

// TestHangup: SIGHUP reads the configuration again; a mistake in it is logged.
func TestHangup(t *testing.T) {
	text := "irc = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\n"
	file := writeConfig(t, text)
	p := launch(t, "serve", "--data", t.TempDir(), "--config", file)
	p.until("ready")
	for _, step := range []struct{ text, says string }{
		{text + "nonsense = 1\n", "line 3: nonsense"},
		{text + "network = \"other\"\n", "keys=network"},
		{text, "read again"},
	} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.until(step.says)
	}
	if code := p.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

// TestRehash: an operator has the configuration read again over IRC, and is told
// of a mistake in it.
func TestRehash(t *testing.T) {
	text := "irc = \"127.0.0.1:0\"\nhttp = \"\"\n"
	file, data := writeConfig(t, text), t.TempDir()
	_, password, _ := invoke(t, "--data", data, "account", "add", "ada", "--role", "operator", "--generate")
	p := launch(t, "serve", "--data", data, "--config", file)
	p.until("ready")
	conn, err := net.Dial("tcp", p.address("IRC"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	lines := bufio.NewScanner(conn)
	fmt.Fprint(conn, "PASS ada:"+password+"NICK ada\r\nUSER ada 0 * ada\r\nOPER\r\n")
	for _, step := range []struct{ text, says string }{
		{text + "motd = [\"new\"]\n", " 382 ada " + filepath.Base(file) + " Rehashing"},
		{text + "motd = [\"new\"]\n", " 372 ada :- new"},
		{text + "nonsense = 1\n", "only partly reloaded: " + file},
	} {
		if err := os.WriteFile(file, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, "REHASH\r\nMOTD\r\n")
		for found := false; !found; found = strings.Contains(lines.Text(), step.says) {
			if !lines.Scan() {
				t.Fatalf("waited in vain for %q: %v", step.says, lines.Err())
			}
		}
	}
	if code := p.end(syscall.SIGTERM); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

// TestJSONLog: with a JSON log, what is logged is JSON.
func TestJSONLog(t *testing.T) {
	p := launch(t, "serve", "--log-format", "json", "--data", t.TempDir(), "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0")
	p.until("ready")
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.until(`"msg":"configuration and certificates read again"`)
	p.end(syscall.SIGTERM)
}

// TestDemo: changes are there at once, more arrive, and nothing stays behind.
func TestDemo(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	t.Setenv("IRCBUS_DATA", filepath.Join(temporary, "a-real-bus"))
	p := launch(t, "demo", "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--pace", "20ms")
	p.until("ready")
	base := regexp.MustCompile(`http://[0-9.:]+`).FindString(p.output())
	for _, path := range []string{"/changes?from=-1h&channel=hewiki&format=qs&limit=1", "/changes?after=60&wait=30&format=qs&limit=1"} {
		answer, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || !strings.Contains(string(text), "page=") {
			t.Errorf("%s: %q, %v", path, text, err)
		}
	}
	if code := p.end(os.Interrupt); code != exitDone {
		t.Errorf("exit code %d\n%s", code, p.output())
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("the demo left %v, %v", left, err)
	}
}

// TestRecorded: every recorded change is an event of a wiki that the demo has.
func TestRecorded(t *testing.T) {
	changes, err := recorded()
	if err != nil || len(changes) != 646 {
		t.Fatal(len(changes), err)
	}
	for _, c := range changes {
		known := false
		for _, wiki := range demoWikis {
			known = known || wiki.account == c.publisher
		}
		if !known || c.fields.Get("page") == "" || c.fields.Get("user") == "" {
			t.Errorf("%s: %v", c.publisher, c.fields)
		}
	}
}
