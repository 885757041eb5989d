package publisher

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func newSpool(t *testing.T, dir string, limit int64) *spool {
	t.Helper()
	s, err := openSpool(dir, limit, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.lock.Close() })
	return s
}

// spoolable makes an event as Submit does.
func spoolable(key, page string) *Pending {
	return &Pending{
		client:  &Client{},
		channel: "#w",
		fields:  ircbus.Fields{{Key: "page", Value: page}, {Key: "key", Value: key}}.Canonical(),
		at:      time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	}
}

func fillSpool(t *testing.T, s *spool, from, to int) {
	t.Helper()
	var events []*Pending
	for i := from; i < to; i++ {
		events = append(events, spoolable(fmt.Sprint("k", i), fmt.Sprint("פתיחה ", i)))
	}
	if n, err := s.append(events); err != nil || n != len(events) {
		t.Fatalf("append = %d, %v", n, err)
	}
}

// take reads n events, or all if n is negative.
func take(t *testing.T, s *spool, n int) []*entry {
	t.Helper()
	var entries []*entry
	for s.unread() > 0 && n != 0 {
		e, err := s.next()
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
		n--
	}
	return entries
}

func keys(entries []*entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.fields.Get("key"))
	}
	return list
}

func keyRange(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint("k", i))
	}
	return list
}

func sameKeys(t *testing.T, entries []*entry, from, to int) {
	t.Helper()
	if diff := cmp.Diff(keyRange(from, to), keys(entries)); diff != "" {
		t.Fatalf("events of the spool (-want +got):\n%s", diff)
	}
}

func TestSpoolLine(t *testing.T) {
	dir := t.TempDir()
	fillSpool(t, newSpool(t, dir, math.MaxInt64), 7, 8)
	data, err := os.ReadFile(filepath.Join(dir, "00000001.events"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "#w page=פתיחה+7&time=2026-11-20T10:00:00Z&key=k7\n"; string(data) != want {
		t.Errorf("segment is %q, want %q", data, want)
	}
}

func TestSpoolKeepsOrderAcrossReopening(t *testing.T) {
	dir := t.TempDir()
	s := newSpool(t, dir, math.MaxInt64)
	s.segmentSize = 500 // some ten events
	fillSpool(t, s, 0, 60)
	entries := take(t, s, 40)
	sameKeys(t, entries, 0, 40)
	for _, e := range append(entries[:25:25], entries[30]) { // 30 early: it must wait for 25 to 29
		s.settle(e)
	}
	fillSpool(t, s, 60, 70)
	if err := s.close(); err != nil {
		t.Fatal(err)
	}

	s = newSpool(t, dir, math.MaxInt64)
	if s.len() != 45 {
		t.Errorf("%d events wait, want 45", s.len())
	}
	entries = take(t, s, -1)
	sameKeys(t, entries, 25, 70)
	for _, e := range entries {
		s.settle(e)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.events"))
	if err != nil || len(left) != 0 {
		t.Errorf("segments left: %v, %v", left, err)
	}
	fillSpool(t, s, 70, 71)
	sameKeys(t, take(t, s, -1), 70, 71)
}

// TestSpoolAfterCrash looks at the directory as a killed process leaves it: the
// position is old, or half written, the last line torn.
func TestSpoolAfterCrash(t *testing.T) {
	for _, tt := range []struct {
		name, position, torn string
		from                 int
	}{
		{"no position", "", "", 0},
		{"torn line", "1 0\n", "#w page=half", 0},
		{"zeros", "1 0\n", "\x00\x00\x00\x00", 0},
		{"empty position", "\n", "", 0},
		{"position between bytes of a line", "1 5\n", "", 0},
		{"position beyond the end", "1 99999\n", "", 0},
		{"position after the first line", "1 54\n", "#", 1},
		{"position in a segment that is gone", "0 512\n", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := newSpool(t, dir, math.MaxInt64)
			fillSpool(t, s, 0, 5)
			s.lock.Close() // no close: as if killed
			appendFile(t, filepath.Join(dir, "00000001.events"), tt.torn)
			if tt.position != "" {
				appendFile(t, filepath.Join(dir, "position"), tt.position)
			}
			s = newSpool(t, dir, math.MaxInt64)
			fillSpool(t, s, 5, 8)
			sameKeys(t, take(t, s, -1), tt.from, 8)
		})
	}
}

func appendFile(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestSpoolSetsDamagedLinesAside(t *testing.T) {
	dir := t.TempDir()
	s := newSpool(t, dir, math.MaxInt64)
	fillSpool(t, s, 0, 1)
	s.lock.Close()
	appendFile(t, filepath.Join(dir, "00000001.events"), "#w page=%zz&key=x\n")
	s = newSpool(t, dir, math.MaxInt64)
	fillSpool(t, s, 1, 2)

	first, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.next(); err == nil {
		t.Error("the damaged line was returned")
	}
	second, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	sameKeys(t, []*entry{first, second}, 0, 2)
	s.settle(first)
	s.settle(second)
	if s.len() != 0 {
		t.Errorf("%d events left", s.len())
	}
	refused, err := os.ReadFile(filepath.Join(dir, "refused"))
	if err != nil || !strings.Contains(string(refused), "\n#w page=%zz&key=x\n") {
		t.Errorf("refused holds %q, %v", refused, err)
	}
}

func TestSpoolLimit(t *testing.T) {
	s := newSpool(t, t.TempDir(), 200)
	events := []*Pending{spoolable("a", strings.Repeat("x", 100)), spoolable("b", strings.Repeat("y", 100))}
	n, err := s.append(events)
	if n != 1 || !errors.Is(err, ErrSpoolFull) {
		t.Fatalf("append = %d, %v, want 1 and ErrSpoolFull", n, err)
	}
	s.settle(take(t, s, -1)[0])
	if n, err := s.append(events[1:]); n != 1 || err != nil {
		t.Errorf("after draining: append = %d, %v", n, err)
	}
}

func TestSpoolIsLocked(t *testing.T) {
	dir := t.TempDir()
	newSpool(t, dir, 1)
	if _, err := openSpool(dir, 1, slog.New(slog.DiscardHandler)); !errors.Is(err, ErrSpoolLocked) {
		t.Errorf("second openSpool = %v, want ErrSpoolLocked", err)
	}
}

func TestSpoolIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	fillSpool(t, newSpool(t, dir, math.MaxInt64), 0, 1)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "00000001.events"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// FuzzSpool opens a directory with any bytes in it: what is read is well-formed,
// and what is appended comes back, in order, also after reopening.
func FuzzSpool(f *testing.F) {
	f.Add([]byte("#w page=A&key=1\n#w page=B&key=2\n"), []byte("1 16\n"))
	f.Add([]byte("#w page=A&key=1\n#w page="), []byte(""))
	f.Add([]byte("\x00\x00\n\n \n#w\n#w key=\n#w key=1;\n"), []byte("1 -3\n"))
	f.Add([]byte("#w page=A&key=1\r\n"), []byte("18446744073709551615 9223372036854775807"))
	f.Fuzz(func(t *testing.T, events, position []byte) {
		dir := t.TempDir()
		for name, data := range map[string][]byte{"00000001.events": events, "position": position} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := newSpool(t, dir, 1<<20)
		for s.unread() > 0 {
			e, err := s.next()
			if err != nil {
				continue
			}
			if got := appendLine(nil, e.channel, e.fields); string(got) != e.line+"\n" {
				t.Fatalf("line %q was read as %q", e.line, got)
			}
		}
		fillSpool(t, s, 0, 2)
		sameKeys(t, take(t, s, -1), 0, 2)
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		s = newSpool(t, dir, 1<<20)
		var last []*entry
		for s.unread() > 0 {
			if e, err := s.next(); err == nil {
				last = append(last, e)
			}
		}
		if len(last) < 2 {
			t.Fatalf("%d events after reopening", len(last))
		}
		sameKeys(t, last[len(last)-2:], 0, 2)
	})
}
