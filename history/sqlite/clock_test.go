package sqlite

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestCaseB5: a clock that was a day ahead and is set back neither stops the times of
// acceptance nor hides what is new, also over a restart; the log and the figures say so until the clock has caught up.
func TestCaseB5(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	var log bytes.Buffer
	today := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	now := today
	openAgain := func() *Store {
		s, err := Open(t.Context(), path, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := openAgain()
	last := time.Time{}
	accept := func(want time.Time) {
		t.Helper()
		receipts, err := s.Append(t.Context(), []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: "A"}}}})
		if err != nil || !receipts[0].At.Equal(want) || !receipts[0].At.After(last) {
			t.Fatalf("accepted at %v, want %v; %v", receipts, want, err)
		}
		last = receipts[0].At
	}
	accept(today)
	accept(today.Add(time.Microsecond)) // within one microsecond, too
	tomorrow := today.Add(24 * time.Hour)
	now = tomorrow
	accept(tomorrow)
	now = today.Add(time.Hour)
	for i := range 3 {
		accept(tomorrow.Add(time.Duration(i+1) * time.Microsecond))
	}
	if ahead := s.Stats().Ahead; ahead < 22*time.Hour || ahead > 24*time.Hour {
		t.Errorf("ahead by %v", ahead)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAgain()
	accept(tomorrow.Add(4 * time.Microsecond))
	now = tomorrow.Add(time.Hour)
	accept(now)
	if ahead := s.Stats().Ahead; ahead > time.Millisecond {
		t.Errorf("still ahead by %v", ahead)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if set, caught := strings.Count(log.String(), "was set back"), strings.Count(log.String(), "the clock has caught up"); set != 2 || caught != 1 {
		t.Errorf("said %d and %d times:\n%s", set, caught, log.String())
	}
}
