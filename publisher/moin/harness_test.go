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
const patience = 5 * time.Minute

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
