package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
)

// loginfo is one call of ircbus hook cvs, as CVS makes it.
func loginfo(t *testing.T, flags []string, id, file, message string) (code int, stderr string) {
	t.Helper()
	args := slices.Concat([]string{"hook", "cvs"}, flags, []string{id, "/cvs", "proj/sub", file, "1.1", "1.2"})
	stdin := "Update of /cvs/proj/sub\nIn directory h:/x\n\nModified Files:\n\t" + file + " \nLog Message:\n" + message + "\n"
	code, out, errs := invokeWith(t.Context(), strings.NewReader(stdin), args...)
	if out != "" {
		t.Errorf("stdout %q", out)
	}
	return code, errs
}

// storedEvents stops the bus and returns what is stored.
func storedEvents(t *testing.T, b *bus.Bus, data string) (events []ircbus.Event) {
	t.Helper()
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(data, bus.EventsFile), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		events = append(events, *e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func storedComments(t *testing.T, b *bus.Bus, data string) (comments []string) {
	for _, e := range storedEvents(t, b, data) {
		comments = append(comments, e.Fields.Get("comment"))
	}
	return comments
}

// TestHook: a commit is published once, over either way, whether or not there is
// a spool.
func TestHook(t *testing.T) {
	b, data := publishBus(t)
	var want []string
	for _, way := range [][]string{{"--irc", b.IRCAddr()}, {"--url", "http://" + b.HTTPAddr()}} {
		for _, spool := range []string{"", filepath.Join(t.TempDir(), "spool")} {
			flags := append(way, "--spool", spool, "--link", "https://x.example/{project}?{rev}")
			name := fmt.Sprint("commit ", len(want))
			want = append(want, name)
			for range 2 {
				if code, errs := loginfo(t, flags, fmt.Sprintf("1006B00915B48323%03d", len(want)), "a b.c", name); code != exitDone || errs != "" {
					t.Errorf("code %d, stderr %q", code, errs)
				}
			}
		}
	}
	events := storedEvents(t, b, data)
	var got []string
	for _, e := range events {
		got = append(got, e.Fields.Get("comment"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	f := events[0].Fields
	if f.Get("files") != "a b.c" || f.Get("project") != "proj" || f.Get("url") != "https://x.example/proj?1.2" || f.Get("user") == "" {
		t.Errorf("%v", f)
	}
}

// TestHookSpool: while the bus is away, no commit is lost or kept waiting, however
// many come at once; the first one after that takes all along.
func TestHookSpool(t *testing.T) {
	b, data := publishBus(t)
	spool := filepath.Join(t.TempDir(), "a", "spool")
	away := []string{"--irc", "127.0.0.1:1", "--spool", spool}
	var committers sync.WaitGroup
	each := 100
	if testing.Short() {
		each = 20
	}
	for c := range 4 {
		committers.Go(func() {
			for i := range each {
				code, errs := loginfo(t, away, fmt.Sprintf("1006B00915B4%02d%06d", c, i), "a.c", fmt.Sprint(c, " ", i))
				if code != exitDone || errs != "" && !strings.Contains(errs, spool) {
					t.Errorf("code %d, stderr %q", code, errs)
				}
			}
		})
	}
	committers.Wait()
	if code, errs := loginfo(t, []string{"--irc", b.IRCAddr(), "--spool", spool}, "1006B00915B4990000", "a.c", "4 0"); code != exitDone || errs != "" {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	next := map[string]int{}
	for _, comment := range storedComments(t, b, data) {
		committer, i, _ := strings.Cut(comment, " ")
		if i != strconv.Itoa(next[committer]) {
			t.Errorf("%q after %d", comment, next[committer])
		}
		next[committer]++
	}
	if diff := cmp.Diff(map[string]int{"0": each, "1": each, "2": each, "3": each, "4": 1}, next); diff != "" {
		t.Error(diff)
	}
}

// TestHookFlush sends a spool later, and says what the bus refuses.
func TestHookFlush(t *testing.T) {
	b, data := publishBus(t)
	spool := filepath.Join(t.TempDir(), "spool")
	there := []string{"--url", "http://" + b.HTTPAddr(), "--spool", spool}
	flush := func(more ...string) (int, string) {
		code, _, errs := invokeWith(t.Context(), nil, slices.Concat([]string{"hook", "flush"}, there, more)...)
		return code, errs
	}
	if code, errs := flush(); code != exitDone || errs != "" {
		t.Errorf("an empty spool: code %d, stderr %q", code, errs)
	}
	code, errs := loginfo(t, append(there, "--password-file", "/nowhere"), "1006B00915B4000001", "a.c", "one")
	if code != exitDone || !strings.Contains(errs, "/nowhere") || !strings.Contains(errs, spool) {
		t.Errorf("without the password: code %d, stderr %q", code, errs)
	}
	if code, errs = flush("--channel", "other"); code != exitFailed || !strings.Contains(errs, "other") {
		t.Errorf("another's channel: code %d, stderr %q", code, errs)
	}
	for name, text := range map[string]string{"damaged": "a=%zz\n", "refused": "comment=two\nid=1\ncomment=three\n"} {
		if err := os.WriteFile(filepath.Join(spool, "new", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, errs = flush(); code != exitFailed || !strings.Contains(errs, "events: 2") {
		t.Errorf("code %d, stderr %q", code, errs)
	}
	left, err := filepath.Glob(filepath.Join(spool, "*", "*"))
	damaged, err2 := os.Stat(filepath.Join(spool, "damaged-damaged"))
	refused, err3 := os.ReadFile(filepath.Join(spool, "refused"))
	if err := errors.Join(err, err2, err3); err != nil || len(left) != 0 || damaged.Size() == 0 || !strings.HasSuffix(string(refused), "\nid=1\n") {
		t.Errorf("%v, %q, %s", err, left, refused)
	}
	if diff := cmp.Diff([]string{"one", "two", "three"}, storedComments(t, b, data)); diff != "" {
		t.Error(diff)
	}
}

func TestHookUsage(t *testing.T) {
	t.Setenv("IRCBUS_TOKEN", "token")
	for _, tt := range []struct {
		args string
		code int
		says string
	}{
		{"git", exitUsage, "--account"},
		{"git --account x --limit -1", exitUsage, "--limit"},
		{"git --account x --link {foo}", exitUsage, "--link"},
		{"cvs --account x", exitFailed, "%I %r %p"},
		{"svn --account x /srv/repo", exitFailed, "REPOS REV"},
		{"hg --account x", exitFailed, "HG_NODE"},
		{"flush --account x", exitUsage, "--spool"},
		{"cvs --account x --url http://127.0.0.1:1 /cvs a b.c", exitFailed, "refused"},
	} {
		code, out, errs := invokeWith(t.Context(), strings.NewReader("0000 1111 refs/notes/x\n"), append([]string{"hook"}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(errs, tt.says) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("hook %s: code %d, stdout %q, stderr %q; want %d and %q", tt.args, code, out, errs, tt.code, tt.says)
		}
	}
}

// TestCaseB10: an empty file in a spool has lost its events: it is set aside and
// told of, not removed in silence. An empty cursor is refused.
func TestCaseB10(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "new"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new/1", "cursor"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("IRCBUS_PASSWORD", "a good password")
	code, _, errs := invoke(t, "hook", "flush", "--url", "http://127.0.0.1:1", "--account", "wiki", "--spool", dir)
	if code != exitFailed || !strings.Contains(errs, "empty") {
		t.Errorf("the spool: exit code %d, %q", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "damaged-1")); err != nil {
		t.Error(err)
	}
	code, _, errs = invoke(t, "follow", "#wiki", "--server", "127.0.0.1:1", "--cursor", filepath.Join(dir, "cursor"))
	if code != exitFailed || !strings.Contains(errs, "is not a cursor (it is empty)") {
		t.Errorf("the cursor: exit code %d, %q", code, errs)
	}
}
