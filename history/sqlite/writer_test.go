package sqlite

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// unavailable fails the test unless err refuses with StoreUnavailable and the
// given reason.
func unavailable(t *testing.T, err error, reason string) {
	t.Helper()
	refusal, ok := errors.AsType[*ircbus.Refusal](err)
	if !ok || refusal.Code != ircbus.StoreUnavailable || !strings.Contains(refusal.Reason, reason) {
		t.Errorf("want a refusal that says %q, got %v", reason, err)
	}
}

// until waits for a condition that nothing announces.
func until(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(5 * time.Minute); !condition(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("still not so after 30 s")
		}
	}
}

// TestPoisonedBatch puts batches that SQLite refuses among others, so that they
// share transactions: only they are refused.
func TestPoisonedBatch(t *testing.T) {
	s, path := openNew(t)
	raw(t, path, `CREATE TRIGGER poison BEFORE INSERT ON events WHEN NEW.body LIKE '%poison%'
		BEGIN SELECT RAISE(ABORT, 'this is poison'); END`)
	blocked, release := make(chan struct{}), make(chan struct{})
	go s.onWriter(t.Context(), func(*writer) error { close(blocked); <-release; return nil })
	<-blocked
	const batches = 30
	var wg sync.WaitGroup
	for i := range batches {
		wg.Go(func() {
			batch := sample(3)
			if i%3 == 0 {
				batch[2].Fields = append(batch[2].Fields, ircbus.Field{Key: "comment", Value: "poison"})
			}
			receipts, err := s.Append(t.Context(), batch)
			if i%3 == 0 {
				unavailable(t, err, "this is poison")
			} else if err != nil || len(receipts) != 3 {
				t.Errorf("Append beside poison: %v, %v", receipts, err)
			}
		})
	}
	until(t, func() bool { return s.waiting.Load() == batches })
	close(release)
	wg.Wait()
	stored := events(t, s)
	if len(stored) != batches*2/3*3 {
		t.Errorf("%d events are stored", len(stored))
	}
	if err := s.Writable(); err != nil {
		t.Errorf("one bad batch has made the store unwritable: %v", err)
	}
	if stats := s.Stats(); stats.Failures != batches/3 || stats.Events != batches*2/3*3 {
		t.Errorf("stats %+v", stats)
	}
	// The channel's and publisher's names were rolled back with the first poison.
	s.Close()
	if diff := cmp.Diff(stored, events(t, openFile(t, path))); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
}

// TestGroupCommit checks that what is queued is stored in one transaction.
func TestGroupCommit(t *testing.T) {
	s, _ := openNew(t)
	blocked, release := make(chan struct{}), make(chan struct{})
	go s.onWriter(t.Context(), func(*writer) error { close(blocked); <-release; return nil })
	<-blocked
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := s.Append(t.Context(), sample(1)); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, func() bool { return s.waiting.Load() == 50 && len(s.queue) == 49 }) // the writer has one
	close(release)
	wg.Wait()
	stats := s.Stats()
	if stats.Commits != 1 || stats.Events != 50 || stats.Latency[len(stats.Latency)-1].Count > 1 {
		t.Errorf("stats %+v", stats)
	}
}

// TestCloseWhileWaiting closes a store for whose writer several wait: all of them
// have an answer.
func TestCloseWhileWaiting(t *testing.T) {
	s, _ := openNew(t)
	blocked, release := make(chan struct{}), make(chan struct{})
	go s.onWriter(t.Context(), func(*writer) error { close(blocked); <-release; return nil })
	<-blocked
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if _, err := s.Append(t.Context(), sample(1)); err != nil && !errors.Is(err, history.ErrClosed) {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if err := s.onWriter(t.Context(), func(*writer) error { return nil }); err != nil && !errors.Is(err, history.ErrClosed) {
				t.Error(err)
			}
		})
	}
	s.checkpoints.wake <- struct{}{}
	until(t, func() bool { return s.waiting.Load() == 10 })
	wg.Go(func() { s.Close() })
	<-s.closing
	close(release)
	wg.Wait()
}

// TestFileGone checks that nothing is acknowledged that the next start would not
// find, because the file is no longer where it was.
func TestFileGone(t *testing.T) {
	s, path := openNew(t)
	var log bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&log, nil))
	store := func() error {
		_, err := s.Append(t.Context(), sample(1))
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store())
	must(os.Rename(path, path+".away"))
	unavailable(t, store(), "gone")
	must(os.WriteFile(path, nil, 0o600))
	unavailable(t, store(), "replaced")
	if err := s.Writable(); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("Writable: %v", err)
	}
	must(os.Rename(path+".away", path))
	until(t, func() bool { return s.Writable() == nil })
	must(store())
	if n := len(events(t, s)); n != 2 {
		t.Errorf("%d events are stored, want 2", n)
	}
	must(s.Close())
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("the log has not two lines:\n%s", log.String())
	}
}

// TestTailFromDisk checks the seam between disk and memory: a tail that begins
// in events that memory has forgotten.
func TestTailFromDisk(t *testing.T) {
	s, _ := openNew(t)
	for range 3*liveEvents/1000 + 1 {
		if _, err := s.Append(t.Context(), sample(1000)); err != nil {
			t.Fatal(err)
		}
	}
	floor, head := s.live.bounds()
	if floor == 0 || head-floor > liveEvents {
		t.Fatalf("memory holds %d to %d", floor, head)
	}
	done := errors.New("done")
	for _, after := range []ircbus.ID{0, floor - 1, floor, floor + 1, head - 1} {
		next := after + 1
		err := s.Tail(t.Context(), after, func(events []ircbus.Event) error {
			for i := range events {
				if events[i].ID != next {
					t.Fatalf("after %d came %d", next-1, events[i].ID)
				}
				next++
			}
			if next > head {
				return done
			}
			return nil
		})
		if err != done {
			t.Errorf("Tail: %v", err)
		}
	}
}

// TestDamagedRow checks that what cannot be read is an error and not left out.
func TestDamagedRow(t *testing.T) {
	s, path := openNew(t)
	if _, err := s.Append(t.Context(), sample(3)); err != nil {
		t.Fatal(err)
	}
	raw(t, path, "UPDATE events SET body = 'page=%zz' WHERE id = 2")
	err := s.Range(t.Context(), history.Query{}, func(*ircbus.Event) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "event 2 is damaged") {
		t.Errorf("Range over a damaged event: %v", err)
	}
}

// TestPragmas checks what durability and reading beside writing rest upon.
func TestPragmas(t *testing.T) {
	s, _ := openNew(t)
	var mode string
	var synchronous, version, application int64
	err := s.onWriter(t.Context(), func(w *writer) error {
		return errors.Join(
			w.db.row("PRAGMA journal_mode", nil, &mode), w.db.row("PRAGMA synchronous", nil, &synchronous),
			w.db.row("PRAGMA user_version", nil, &version), w.db.row("PRAGMA application_id", nil, &application))
	})
	if err != nil || mode != "wal" || synchronous != 2 || version != schemaVersion || application != applicationID {
		t.Errorf("journal_mode %s, synchronous %d, version %d, application %x, %v", mode, synchronous, version, application, err)
	}
	if _, err := s.read.Exec("DELETE FROM log"); err == nil {
		t.Error("a connection that reads can write")
	}
	// A new file tells whose it is before there is a write-ahead log.
	path := filepath.Join(t.TempDir(), "new.db")
	if err := create(path); err == nil {
		t.Error("create has made the file")
	}
	if _, empty, err := readHeader(path); !empty || err != nil {
		t.Fatalf("a new file is empty: %v, %v", empty, err)
	}
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	if h, _, err := readHeader(path); err != nil || h != (header{applicationID, schemaVersion}) {
		t.Errorf("header %+v, %v", h, err)
	}
}
