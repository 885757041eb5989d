package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// terminal is a program in a tmux of its own.
type terminal struct {
	t      *testing.T
	socket string
}

// startTerminal runs a shell command until the test ends, in a terminal so wide
// and high that nothing wraps or scrolls.
func startTerminal(t *testing.T, command string) *terminal {
	t.Helper()
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	term.tmux("-f", "/dev/null", "new-session", "-d", "-x", "300", "-y", "400",
		"env LC_ALL=C.UTF-8 TZ=UTC TERM=screen-256color "+command)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the terminal at the end:\n%s", emptyLines.ReplaceAllString(term.screen(), "\n"))
		}
		exec.Command("tmux", "-S", term.socket, "kill-server").Run()
	})
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", term.socket, "-u"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// enter types a line.
func (term *terminal) enter(line string) {
	term.t.Helper()
	term.tmux("send-keys", "-l", line)
	term.tmux("send-keys", "Enter")
}

// screen returns what is to be seen, painted the same with its colours as
// escape sequences.
func (term *terminal) screen() string  { return term.tmux("capture-pane", "-p", "-J") }
func (term *terminal) painted() string { return term.tmux("capture-pane", "-p", "-J", "-e") }

func (term *terminal) shows(text string) bool { return strings.Contains(term.screen(), text) }

// showsAtEnd says whether a line ends so.
func (term *terminal) showsAtEnd(text string) bool {
	return slices.ContainsFunc(strings.Split(term.screen(), "\n"), func(l string) bool {
		return strings.HasSuffix(strings.TrimRight(l, " "), text)
	})
}

var (
	emptyLines = regexp.MustCompile(`\s*\n`)
	colours    = regexp.MustCompile(`\x1b\[[0-9;:]*m`)
	clockLine  = regexp.MustCompile(`^(\d\d:\d\d:\d\d) +(.*)$`)
)

// clockLines returns the lines on the screen that begin with a time. Those that
// are painted as highlight says are highlighted.
func (term *terminal) clockLines(highlight *regexp.Regexp) []line {
	var all []line
	for _, painted := range strings.Split(term.painted(), "\n") {
		if m := clockLine.FindStringSubmatch(colours.ReplaceAllString(painted, "")); m != nil {
			all = append(all, line{clock: m[1], text: strings.TrimSpace(m[2]), highlight: highlight.MatchString(painted)})
		}
	}
	return all
}
