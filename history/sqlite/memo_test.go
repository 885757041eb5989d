package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestMemos: each is given once, also across a restart, and known again by its
// key after that.
func TestMemos(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	now := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC)
	opts := Options{Now: func() time.Time { return now }}
	s, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	leave := func(m ircbus.Memo, wantNew bool) ircbus.Memo {
		t.Helper()
		m.From = "prism"
		kept, isNew, err := s.Leave(t.Context(), m, 3)
		if err != nil || isNew != wantNew {
			t.Fatalf("%+v: new is %v, %v", m, isNew, err)
		}
		return kept
	}
	waiting := func(account string, texts ...string) {
		t.Helper()
		found, err := s.Waiting(t.Context(), account)
		if err != nil || len(found) != len(texts) {
			t.Fatalf("%+v, %v; want %q", found, err, texts)
		}
		for i, m := range found {
			if m.Text != texts[i] || !m.At.Equal(now) || m.From != "prism" {
				t.Errorf("%+v; want %q", m, texts[i])
			}
		}
	}
	first := leave(ircbus.Memo{To: "anna", Text: "one", Key: "k"}, true)
	if again := leave(ircbus.Memo{To: "Anna", Text: "one again", Key: "k"}, false); again.ID != first.ID {
		t.Errorf("a memo with the same key is %d, not %d", again.ID, first.ID)
	}
	second := leave(ircbus.Memo{To: "anna", Text: "two"}, true)
	leave(ircbus.Memo{To: "bob", Text: "for bob", Key: "k"}, true)
	leave(ircbus.Memo{To: "anna", Text: "two"}, true)
	_, _, err = s.Leave(t.Context(), ircbus.Memo{From: "prism", To: "anna", Text: "too many"}, 3)
	if r, ok := errors.AsType[*ircbus.Refusal](err); !ok || r.Code != ircbus.RateLimited {
		t.Errorf("a fourth memo: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path, opts); err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	waiting("ANNA", "one", "two", "two")
	if err := s.Given(t.Context(), "anna", second.ID); err != nil {
		t.Fatal(err)
	}
	waiting("anna", "two")
	waiting("bob", "for bob")
	leave(ircbus.Memo{To: "anna", Text: "one", Key: "k"}, false)
	if report, err := Check(t.Context(), path); err != nil || len(report.Problems) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	retain := func(age time.Duration, gone string, want int) {
		t.Helper()
		n, err := s.RetainMemos(context.Background(), age, func(account string) bool { return account != gone })
		if err != nil || n != want {
			t.Errorf("%d were removed, %v; want %d", n, err, want)
		}
	}
	retain(time.Hour, "", 0)
	retain(time.Hour, "bob", 1)
	waiting("bob")
	now = now.Add(2 * time.Hour)
	retain(time.Hour, "", 1)
	leave(ircbus.Memo{To: "anna", Text: "one", Key: "k"}, true) // its key is forgotten
}
