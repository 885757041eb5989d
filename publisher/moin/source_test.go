package moin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/publisher/door"
)

// patience is how long a test waits for what must happen.
const patience = 2 * time.Minute

// wiki is a wiki's data directory, a log of events, and the door between them.
type wiki struct {
	t     *testing.T
	data  string
	store *sqlite.Store
	in    *door.Inlet
	kept  []byte // places
	next  int    // number of the next line
}

func newWiki(t *testing.T) *wiki {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &wiki{t: t, data: t.TempDir(), store: store}
	w.in = door.New("moin", door.Bus{
		Append: store.Append,
		Feed:   func(account, _ string) (string, error) { return "#" + account, nil },
	})
	return w
}

func (w *wiki) log() string { return filepath.Join(w.data, "edit-log") }

func (w *wiki) open() *Source {
	w.t.Helper()
	s, err := Open(w.in, Config{
		Wikis: []Wiki{{"w", "w", w.data}}, Every: time.Millisecond,
		Load: func() ([]byte, error) { return w.kept, nil },
		Save: func(text []byte) error { w.kept = text; return nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// run lets the door work, and returns how to end it.
func (w *wiki) run() (stop func()) {
	w.t.Helper()
	s := w.open()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	}
}

// lines makes the next n lines.
func (w *wiki) lines(n int) string {
	var b strings.Builder
	for range n {
		w.next++
		fmt.Fprintf(&b, "%d\t%08d\tSAVE\tPage\t\t\t1.2.3\t\tnumber %d\n", 1_000_000+w.next, w.next, w.next)
	}
	return b.String()
}

func (w *wiki) write(text string) {
	w.t.Helper()
	file, err := os.OpenFile(w.log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

// age makes a file's last write long ago.
func (w *wiki) age(path string, hours int) {
	w.t.Helper()
	at := time.Now().Add(-time.Duration(hours) * time.Hour)
	if err := os.Chtimes(path, at, at); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wiki) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(from, to); err != nil {
		w.t.Fatal(err)
	}
}

// until waits until the report is as wanted.
func (w *wiki) until(what string, holds func(door.Report) bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(w.in.Report()); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s: %+v", what, w.in.Report())
		}
	}
}

func (w *wiki) stored(n int) {
	w.t.Helper()
	w.until(fmt.Sprint(n, " events"), func(r door.Report) bool { return r.Stored >= uint64(n) })
}

// exactly checks that the lines from first to last are stored, each once and in
// order.
func (w *wiki) exactly(first, last int) {
	w.t.Helper()
	bounds, err := w.store.Bounds(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	want := first
	for id := ircbus.ID(1); id <= bounds.Head; id++ {
		e, err := w.store.Event(w.t.Context(), id)
		if err != nil {
			continue // ids have gaps
		}
		if got := e.Fields.Get("rev"); got != fmt.Sprint(want) {
			w.t.Fatalf("line %s is stored where %d should be", got, want)
		}
		want++
	}
	if want != last+1 {
		w.t.Errorf("lines %d to %d are stored, %d to %d should be", first, want-1, first, last)
	}
}

// TestGrows: what is there at first is not published; a line that is not whole
// waits; broken lines and ones that are too long are counted; names are those of
// the wiki's users.
func TestGrows(t *testing.T) {
	w := newWiki(t)
	if err := os.Mkdir(filepath.Join(w.data, "user"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.data, "user", "1.2.3"), []byte("# Data saved\nemail=a@b\nname=חנה\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.write(w.lines(100))
	stop := w.run()
	w.write(w.lines(1))
	w.stored(1)
	line := w.lines(1)
	w.write("broken\n" + strings.Repeat("x", 3*chunk) + "\n" + line[:20])
	w.until("two refusals", func(r door.Report) bool { return r.Refused[door.Malformed] == 2 })
	w.write(line[20:])
	w.stored(2)
	stop()
	if e, err := w.store.Event(t.Context(), 1); err != nil || e.Fields.Get("user") != "חנה" || e.Fields.Get("rev") != "101" {
		t.Errorf("%v: %+v", err, e)
	}
}

// TestRestart: nothing is lost or repeated over restarts, a crash that forgets
// the newest place, and rotations meanwhile.
func TestRestart(t *testing.T) {
	w := newWiki(t)
	stop := w.run() // there is no log yet
	w.write(w.lines(10))
	w.stored(10)
	stop()
	before := w.kept
	w.write(w.lines(10))
	w.run()()
	stop = w.run()
	w.stored(20)
	stop()
	w.kept = before // as after a crash
	stop = w.run()
	w.until("repeats", func(r door.Report) bool { return r.Duplicates == 10 })
	stop()
	w.write(w.lines(10)) // 30
	w.rename(w.log(), w.log()+".2")
	w.age(w.log()+".2", 2)
	w.write(w.lines(10))
	w.rename(w.log(), w.log()+".1")
	w.age(w.log()+".1", 1)
	w.write(w.lines(10)) // 50
	stop = w.run()
	w.stored(50)
	stop()
	w.exactly(1, 50)
}

// TestRotation: renamed, copied and truncated, and replaced while it runs.
func TestRotation(t *testing.T) {
	w := newWiki(t)
	w.write(w.lines(5)) // not published
	stop := w.run()
	w.write(w.lines(5))
	w.stored(5)
	w.rename(w.log(), w.log()+".1")
	late, err := os.OpenFile(w.log()+".1", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, err := late.WriteString(w.lines(1)); err != nil { // by a writer that has it open
		t.Fatal(err)
	}
	w.stored(6)
	w.age(w.log()+".1", 1)
	w.write(w.lines(5)) // 16
	w.stored(11)
	stop()

	w.write(w.lines(5)) // 21, unread as it is copied and truncated
	text, err := os.ReadFile(w.log())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.log()+".0", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(w.log(), 0); err != nil {
		t.Fatal(err)
	}
	w.age(w.log()+".0", 0)
	w.write(w.lines(200)) // longer than before
	stop = w.run()
	w.stored(216)
	stop()

	for _, name := range []string{w.log() + ".0", w.log() + ".1"} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	w.next = 0
	all := w.lines(222) // a copy of everything, from before the bus too
	if err := os.WriteFile(w.log(), []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = w.run()
	w.stored(217)
	stop()
	w.exactly(6, 222)
}

// TestMany: 10,000 lines, none lost while the store is away at times.
func TestMany(t *testing.T) {
	w := newWiki(t)
	away := 0
	w.in.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		if away++; away%8 == 1 {
			return nil, ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
		}
		return w.store.Append(ctx, batch)
	}
	stop := w.run()
	for range 10 {
		w.write(w.lines(1000))
	}
	w.stored(10_000)
	stop()
	w.exactly(1, 10_000)
}

// TestDamaged: places that cannot be read are an error; a data directory that is
// not there is none, and the log is new when it comes.
func TestDamaged(t *testing.T) {
	w := newWiki(t)
	w.kept = []byte("{")
	if _, err := Open(w.in, Config{Load: func() ([]byte, error) { return w.kept, nil }}); err == nil {
		t.Error("no error")
	}
	w.kept = nil
	w.data = filepath.Join(w.data, "disk")
	stop := w.run()
	away := w.data + ".away"
	if err := os.Mkdir(away, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(away, "edit-log"), []byte(w.lines(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.rename(away, w.data)
	stop()
	stop = w.run()
	w.write(w.lines(1))
	w.stored(1)
	stop()
	w.exactly(6, 6)
}
