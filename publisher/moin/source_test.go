package moin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

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
