package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// moin is a wiki with the plugins of contrib/moin, installed by docs/doors/moin.md. It is
// played by a script of the directory moin.
type moin struct {
	*vcs  // its directory, and what its page says
	stdin io.Writer
	out   *bufio.Reader
}

// python is Debian's, which has its Flask.
const python = "/usr/bin/python3"

// newMoin makes a wiki's directory, with the token and the spool of the account
// moinmaster.
func newMoin(t *testing.T, sections string) *moin {
	t.Helper()
	m := &moin{vcs: &vcs{t: t, dir: t.TempDir()}}
	for _, dir := range []string{"data/plugin/events", "data/plugin/action", "moin2"} {
		if err := os.MkdirAll(m.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, m.path("data/edit-log"), "")
	m.bus = startBus(t, strings.ReplaceAll(sections, "/srv/moin", m.dir))
	m.bus.account("moinmaster", "publisher")
	token, err := exec.Command(program, "--data", m.bus.data, "account", "token", "moinmaster").Output()
	if err != nil {
		t.Fatal(err)
	}
	m.sh("", fmt.Sprintf("echo %s | (%s)", strings.TrimSpace(string(token)), m.says("install -o www-data -m 600")))
	return m
}

// says is a block of the page, with the places of this test.
func (m *moin) says(words string) string {
	m.t.Helper()
	contrib, err := filepath.Abs("../../contrib")
	if err != nil {
		m.t.Fatal(err)
	}
	return strings.NewReplacer("/etc/ircbus", m.path("etc"), "/var/spool/ircbus", m.path("spool"), "/srv/moin/data", m.path("data"), "/srv/moin2", m.path("moin2"),
		" contrib", " "+contrib, "-o www-data ", "", "https://bus.example.org", "http://"+m.bus.http, "python2.7", python).Replace(m.documented("moin.md", words))
}

// run begins a script, whose log is the file "log".
func (m *moin) run(script string, args ...string) {
	m.t.Helper()
	log, err := os.Create(m.path("log"))
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(python, append([]string{filepath.Join("moin", script)}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd.Stderr = log
	start(m.t, cmd, script)
	m.stdin, m.out = stdin, bufio.NewReader(out)
}

// does lets the wiki do something, JSON, and returns what it says.
func (m *moin) does(what string) string {
	m.t.Helper()
	if _, err := io.WriteString(m.stdin, what+"\n"); err != nil {
		m.t.Fatal(err)
	}
	said, err := m.out.ReadString('\n')
	if err != nil {
		m.t.Fatalf("%s: %v\n%s", what, err, m.logged())
	}
	return strings.TrimSpace(said)
}

// saves lets it save a page; nothing may go wrong with that.
func (m *moin) saves(page, comment string) {
	m.t.Helper()
	what, err := json.Marshal(map[string]any{"event": "PageChangedEvent", "page": page, "action": "SAVE", "rev": 2, "comment": comment})
	if err != nil {
		m.t.Fatal(err)
	}
	if said := m.does(string(what)); said != "ok" {
		m.t.Fatalf("the save of %s: %s", page, said)
	}
}

func (m *moin) logged() string {
	m.t.Helper()
	text, err := os.ReadFile(m.path("log"))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

func (m *moin) waiting() int {
	m.t.Helper()
	files, err := os.ReadDir(m.path("spool/moinmaster/new"))
	if err != nil {
		m.t.Fatal(err)
	}
	return len(files)
}

// has waits for so many events of a channel and returns them.
func (m *moin) has(channel string, n int) (all []string) {
	m.t.Helper()
	waitFor(m.t, fmt.Sprint(n, " events in ", channel), func() bool { return len(m.bus.events(channel)) >= n })
	for _, e := range m.bus.events(channel) {
		all = append(all, e.Fields.Encode())
	}
	if len(all) != n {
		m.t.Errorf("%s has %d events, not %d", channel, len(all), n)
	}
	return all
}
