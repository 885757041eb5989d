package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// appendPages stores events of the publisher wiki, from..to-1.
func appendPages(t *testing.T, b *bus.Bus, from, to int) {
	t.Helper()
	var batch []ircbus.Event
	for n := from; n < to; n++ {
		batch = append(batch, ircbus.Event{Channel: "#wiki", Publisher: "wiki", Fields: ircbus.Fields{
			{Key: "page", Value: fmt.Sprintf("Page %d", n)}, {Key: "comment", Value: "a\x1b[31m\n\"b\", c"},
		}})
	}
	if _, err := b.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// TestFollowExec: a command that fails is run again, the cursor waits for it,
// and after a signal the next start goes on where the last one ended.
func TestFollowExec(t *testing.T) {
	b, _ := publishBus(t)
	t.Setenv("IRCBUS_FIELD_STALE", "of another event")
	appendPages(t, b, 0, 3)
	dir := t.TempDir()
	script := `cd ` + dir + `; test -e failed || { touch failed; exit 7; }; cat >> events
		echo "$IRCBUS_ID $IRCBUS_CHANNEL $IRCBUS_PUBLISHER $IRCBUS_FIELD_PAGE ${IRCBUS_PASSWORD-none} ${IRCBUS_FIELD_STALE-none}" >> lines`
	args := []string{"follow", "#wiki", "--server", b.HTTPAddr(), "--irc", b.IRCAddr(), "--from", "-1h",
		"--cursor", filepath.Join(dir, "cursor"), "--exec", script}
	lines := func() []string {
		data, _ := os.ReadFile(filepath.Join(dir, "lines"))
		return strings.SplitAfter(string(data), "\n")
	}
	p := launch(t, args...)
	p.until("the command failed for event 1 (exit status 7)")
	waitUntil(t, "three events", func() bool { return len(lines()) == 4 })
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.output())
	}
	appendPages(t, b, 3, 5)
	p = launch(t, args...)
	waitUntil(t, "five events", func() bool { return len(lines()) == 6 })
	if code := p.end(os.Interrupt); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.output())
	}
	for i, line := range lines()[:5] {
		if want := fmt.Sprintf("%d #wiki wiki Page %d none none\n", i+1, i); line != want {
			t.Errorf("%q, want %q", line, want)
		}
	}
	events, err := os.ReadFile(filepath.Join(dir, "events"))
	if err != nil {
		t.Fatal(err)
	}
	var e ircbus.Event
	first, _, _ := bytes.Cut(events, []byte("\n"))
	if err := e.UnmarshalJSON(first); err != nil || e.Fields.Get("page") != "Page 0" {
		t.Errorf("standard input was %s: %v", first, err)
	}
}

// stopAfter ends a command when its output has so many lines.
type stopAfter struct {
	bytes.Buffer
	lines int
	stop  context.CancelFunc
}

func (s *stopAfter) Write(p []byte) (int, error) {
	if s.lines -= bytes.Count(p, []byte("\n")); s.lines <= 0 {
		s.stop()
	}
	return s.Buffer.Write(p)
}

func TestFollowFormats(t *testing.T) {
	b, _ := publishBus(t)
	appendPages(t, b, 0, 2)
	for format, want := range map[string]string{
		"qs":   "id=1&page=Page+0&time=",
		"json": `{"id":1,"at":"`,
		"text": "#wiki Page 0",
		"":     `{"id":1,"at":"`, // not a terminal
	} {
		ctx, stop := context.WithTimeout(t.Context(), patience)
		out, errs := &stopAfter{lines: 2, stop: stop}, &bytes.Buffer{}
		args := []string{"follow", "wiki", "--server", "http://" + b.HTTPAddr(), "--from=-1h", "--format", format}
		if code := run(ctx, args, strings.NewReader(""), out, errs); code != 0 || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, %s%s", format, code, out, errs)
		}
		if format == "text" && strings.ContainsRune(out.String(), 0x1b) {
			t.Errorf("an escape sequence got through: %q", out)
		}
		stop()
	}
}

func TestFollowMistakes(t *testing.T) {
	b, _ := publishBus(t)
	at := "--server=" + b.HTTPAddr()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"follow"}, 2, "view"},
		{[]string{"follow", "#wiki", "--exec", "cat", "--format", "qs"}, 2, "exclude each other"},
		{[]string{"follow", "#wiki", "--server", "ftp://x"}, 2, "not a bus's address"},
		{[]string{"follow", "#wiki", "--from", "--cursor"}, 2, "--from: it needs a value"},
		{[]string{"follow", "#wiki?=x", at}, 2, "a field has no name"},
		{[]string{"follow", "#wikki", at}, 1, "no channel #wikki: it has #wiki"},
		{[]string{"follow", "#wiki", at, "--from", "soon"}, 2, `"soon" is not a time`},
		{[]string{"follow", "#wiki", at, "--cursor", "/nonexistent/cursor"}, 1, "cannot be opened"},
		{[]string{"changes", at, "--from", "soon"}, 2, "--from"},
		{[]string{"changes", at, "--to", "1h"}, 2, "--to"},
		{[]string{"changes", at, "--from", "now", "--to", "-1h"}, 2, `"from"`},
		{[]string{"changes", at, "--limit", "-1"}, 2, "--limit"},
		{[]string{"changes", at, "#wikki"}, 1, "#wikki"},
		{[]string{"changes", "--server", "127.0.0.1:1"}, 1, "cannot reach the bus"},
	} {
		code, out, errs := invoke(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: exit code %d, %q %q", c.args, code, out, errs)
		}
	}
}

// TestExecHabits: what commands do with their input and output, and an event of the
// greatest size that a bus can be configured to take.
func TestExecHabits(t *testing.T) {
	e := &ircbus.Event{ID: 1, Channel: "#c", Publisher: "p", Fields: ircbus.Fields{
		{Key: "page", Value: "P"}, {Key: "comment", Value: strings.Repeat("x", 1<<20)}, {Key: "user", Value: "U"},
	}}
	for line, want := range map[string]string{
		"true":                              "",
		"exec <&-; echo $IRCBUS_FIELD_USER": "U\n",
		"wc -c":                             fmt.Sprintln(len(e.AppendJSON(nil)) + 1),
		"sleep 5 & echo started":            "started\n", // it keeps standard output open
		"echo ${IRCBUS_FIELD_COMMENT-none}": "none\n",
	} {
		var out, errs bytes.Buffer
		c := &eventCommand{line: line, stdout: &out, stderr: &errs}
		if err := c.run(t.Context(), e); err != nil || out.String() != want {
			t.Errorf("%s: %v, %q %q", line, err, out.String(), errs.String())
		}
	}
}

func TestEventEnviron(t *testing.T) {
	e := &ircbus.Event{ID: 7, Channel: "#c", Publisher: "p", Fields: ircbus.Fields{
		{Key: "length.new", Value: "1"}, {Key: "tag", Value: "a"}, {Key: "tag", Value: "b\x00c"}, {Key: "PATH", Value: "/evil"},
	}}
	got := eventEnviron([]string{"PATH=/bin", "IRCBUS_TOKEN=t", "IRCBUS_FIELD_X=old"}, e)
	want := []string{
		"PATH=/bin", "IRCBUS_ID=7", "IRCBUS_AT=0001-01-01T00:00:00.000000Z", "IRCBUS_CHANNEL=#c", "IRCBUS_PUBLISHER=p",
		"IRCBUS_FIELD_LENGTH_NEW=1", "IRCBUS_FIELD_TAG=a\nbc", "IRCBUS_FIELD_PATH=/evil",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
