package sqlite

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus/history/historytest"
)

// harness keeps a database in dir.
func harness(dir string, failures map[string]failing) historytest.Harness {
	return indexedHarness(dir, failures, [2]int64{})
}

// indexedHarness has an index of segments of the given sizes.
func indexedHarness(dir string, failures map[string]failing, segments [2]int64) historytest.Harness {
	path := filepath.Join(dir, "events.db")
	return historytest.Harness{
		Open: func(now func() time.Time) (historytest.Store, error) {
			s, err := Open(context.Background(), path, Options{Now: now, ProbeEvery: 20 * time.Millisecond, Log: quiet(), segments: segments})
			if err != nil {
				return nil, err // not a nil *Store in the interface
			}
			return s, nil
		},
		Failures: failures,
	}
}

type failing = func(t *testing.T, s historytest.Store) (mend func())

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestConformance(t *testing.T) {
	historytest.Run(t, func(t *testing.T) historytest.Harness {
		return harness(t.TempDir(), map[string]failing{"Quota": quota})
	})
}

// TestConformanceIndexed has an index of small segments, built and replaced all
// the time.
func TestConformanceIndexed(t *testing.T) {
	historytest.Run(t, func(t *testing.T) historytest.Harness {
		return indexedHarness(t.TempDir(), nil, [2]int64{4, 16})
	})
}

func TestChat(t *testing.T) {
	historytest.RunChat(t, func(t *testing.T) historytest.ChatHarness {
		path := filepath.Join(t.TempDir(), "events.db")
		return historytest.ChatHarness{
			Open: func(now func() time.Time) (historytest.ChatStore, error) {
				return Open(context.Background(), path, Options{Now: now, ProbeEvery: 20 * time.Millisecond, Log: quiet()})
			},
			Fail: func(t *testing.T, s historytest.ChatStore) (mend func()) { return quota(t, s.(*Store)) },
		}
	})
}

// quota has SQLite itself report a full disk (SQLITE_FULL).
func quota(t *testing.T, s historytest.Store) (mend func()) {
	limit := func(pages string) {
		err := s.(*Store).onWriter(t.Context(), func(w *writer) error {
			return w.db.run("PRAGMA max_page_count = " + pages)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // raised by SQLite to the present size
	return func() { limit(fmt.Sprint(1 << 30)) }
}
