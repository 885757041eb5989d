package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// TestCopy copies a database while events arrive. The copy has a beginning of
// them, whole batches, and goes on as another log, each time it is restored.
func TestCopy(t *testing.T) {
	s, path := openNew(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	batch := make([]ircbus.Event, 7)
	for i := range batch {
		batch[i] = ircbus.Event{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: "A"}}}
	}
	if _, err := s.Append(ctx, batch); err != nil {
		t.Fatal(err)
	}
	var appending sync.WaitGroup
	appending.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.Append(ctx, batch); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	dest := filepath.Join(t.TempDir(), "copy.db")
	if err := Copy(t.Context(), path, dest); err != nil {
		t.Fatal(err)
	}
	stop()
	appending.Wait()
	if info, err := os.Stat(dest); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if err := Copy(t.Context(), path, dest); !errors.Is(err, os.ErrExist) {
		t.Errorf("the copy was overwritten: %v", err)
	}

	bounds, err := s.Bounds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	epochs := map[string]bool{bounds.Epoch: true}
	for range 2 { // restored twice
		restored := filepath.Join(t.TempDir(), "events.db")
		text, err := os.ReadFile(dest)
		if err == nil {
			err = os.WriteFile(restored, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		r := openFile(t, restored)
		kept := events(t, r)
		if len(kept) < len(batch) || len(kept)%len(batch) != 0 {
			t.Errorf("the copy has %d events", len(kept))
		}
		if diff := cmp.Diff(events(t, s)[:len(kept)], kept); diff != "" {
			t.Errorf("the copy differs:\n%s", diff)
		}
		b, err := r.Bounds(t.Context())
		if err != nil || epochs[b.Epoch] || b.Epoch == "" {
			t.Errorf("epoch %q, %v", b.Epoch, err)
		}
		epochs[b.Epoch] = true
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if again, err := openFile(t, restored).Bounds(t.Context()); err != nil || again.Epoch != b.Epoch {
			t.Errorf("a restart made epoch %q of %q, %v", again.Epoch, b.Epoch, err)
		}
	}
}

func TestCheck(t *testing.T) {
	s, path := openNew(t)
	for range 3 {
		if _, err := s.Append(t.Context(), []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "key", Value: "x"}}}}); err != nil {
			t.Fatal(err)
		}
	}
	s.Keep(ircbus.Message{Target: "#talk", MsgID: "m1", Command: "PRIVMSG"})
	if err := s.flushChat(t.Context(), s.Last()); err != nil {
		t.Fatal(err)
	}
	report, err := Check(t.Context(), path) // while it is open
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Report{Events: 1, Messages: 1, Oldest: 1, Head: 1}, report); diff != "" {
		t.Error(diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for damage, want := range map[string]string{
		"UPDATE log SET head = 0":                                   "never given out",
		"UPDATE events SET channel = 9":                             "in no channel",
		"UPDATE events SET publisher = 9":                           "from no publisher",
		"UPDATE events SET body = 'a=%'":                            "cannot be read",
		"UPDATE keys SET id = 9":                                    "keys belong",
		"INSERT INTO redactions VALUES (1, 1)":                      "have been redacted",
		"INSERT INTO redactions VALUES (0, 9)":                      "a tombstone that was never",
		"UPDATE chat SET params = '['":                              "people cannot be read",
		"UPDATE chat SET owner = 'al'":                              "at once",
		"DELETE FROM log":                                           "state",
		"INSERT INTO events SELECT 0, at+9, 1, 1, body FROM events": "before the one before",
	} {
		damaged := filepath.Join(t.TempDir(), "events.db")
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(damaged, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		raw(t, damaged, damage)
		report, err := Check(t.Context(), damaged)
		if err != nil || !strings.Contains(strings.Join(report.Problems, "\n"), want) {
			t.Errorf("after %s: %v, %v; want %q", damage, report.Problems, err, want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.db")
	if _, err := Check(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	raw(t, foreign, "CREATE TABLE x (y)")
	if _, err := Check(t.Context(), foreign); !errors.Is(err, ErrNotOurs) {
		t.Error(err)
	}
	if err := Copy(t.Context(), foreign, missing); !errors.Is(err, ErrNotOurs) {
		t.Error(err)
	}
}
