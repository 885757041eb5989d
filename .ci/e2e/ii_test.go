package e2e

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ii is Debian's ii: a directory for each channel.
type ii struct {
	t   *testing.T
	dir string
}

// startII connects without TLS and logs in with a server password, since ii
// knows neither TLS nor SASL.
func startII(t *testing.T, b *bus, p person) client {
	t.Helper()
	host, port, _ := net.SplitHostPort(b.irc)
	irc := t.TempDir()
	cmd := exec.Command("ii", "-i", irc, "-s", host, "-p", port, "-n", p.name, "-k", "IIPASS")
	cmd.Env = append(os.Environ(), "IIPASS="+p.name+":"+p.password)
	start(t, cmd, "ii")
	i := ii{t, filepath.Join(irc, host)}
	waitFor(t, "ii to be welcomed", func() bool {
		return strings.Contains(strings.Join(fileLines(t, filepath.Join(i.dir, "out")), "\n"), "Welcome to")
	})
	return i
}

var notInII = regexp.MustCompile(`[^a-z0-9.#&+!-]`)

// out is the file of what a channel's window would show.
func (i ii) out(channel string) string {
	return filepath.Join(i.dir, notInII.ReplaceAllString(strings.ToLower(channel), "_"), "out")
}

func (i ii) join(channel string) {
	i.t.Helper()
	in, err := os.OpenFile(filepath.Join(i.dir, "in"), os.O_WRONLY, 0)
	if err != nil {
		i.t.Fatal(err)
	}
	defer in.Close()
	if _, err := in.WriteString("/j " + channel + "\n"); err != nil {
		i.t.Fatal(err)
	}
	waitFor(i.t, "ii to join "+channel, func() bool { return len(fileLines(i.t, i.out(channel))) > 0 })
}

// oldLine is a line that tells when it was: ii itself notes when it came.
var oldLine = regexp.MustCompile(`^\d+ <news> (?:\[\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)\] |id=.*&time=[0-9-]+T(\d\d:\d\d:\d\d)\.)`)

// lines returns a channel's lines. What marks words in them is whatever shows
// the file: here, as in the manual, grep.
func (i ii) lines(channel string) []line {
	i.t.Helper()
	var all []line
	for _, text := range fileLines(i.t, i.out(channel)) {
		l := line{text: text, highlight: strings.Contains(text, "Physics")}
		if m := oldLine.FindStringSubmatch(text); m != nil {
			l.clock = m[1] + m[2]
		}
		all = append(all, l)
	}
	return all
}
