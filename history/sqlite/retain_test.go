package sqlite

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestCaseB4: retention by count and by age, of channels of their own rules and of many
// in one step, does not wait for whoever builds the index, knows what is left, and
// counts right after redactions and over restarts.
func TestCaseB4(t *testing.T) {
	dir := t.TempDir()
	s := storeOfSegments(t, dir, 8, 64)
	fill := func(s *Store, n int) {
		t.Helper()
		for i := range n {
			var batch []ircbus.Event
			for channel := range 150 { // more than one step takes
				batch = append(batch, ircbus.Event{Channel: fmt.Sprint("#c", channel), Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: fmt.Sprint(i)}}})
			}
			if _, err := s.Append(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	retain := func(s *Store, want int, rules ...Retention) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		removed, err := s.Retain(ctx, rules)
		if err != nil || removed != want || s.Stats().Excess != 0 {
			t.Errorf("removed %d, want %d; left %d; %v", removed, want, s.Stats().Excess, err)
		}
	}
	fill(s, 10)
	settle(t, s)
	s.terms.work.Lock() // as while a large segment is built
	retain(s, 150*3+2, Retention{MaxCount: 7}, Retention{Channel: "#C1", MaxCount: 5})
	s.terms.work.Unlock()
	settle(t, s)
	fill(s, 2)
	if ids, err := found(t, s, "#c2", 0); err != nil || len(ids) != 9 {
		t.Fatalf("%v, %v", ids, err)
	} else if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: ids[3], By: "a"}); err != nil { // one less, and what tells of it
		t.Fatal(err)
	}
	rules := []Retention{{MaxCount: 7}, {Channel: "#c1", MaxCount: 5}}
	retain(s, 150*2, rules...)
	retain(s, 0, rules...)
	if ids, err := found(t, s, "#c2?page=1*", 0); err != nil || len(ids) == 0 {
		t.Errorf("the index has lost what is kept: %v, %v", ids, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = storeOfSegments(t, dir, 8, 64)
	fill(s, 1)
	retain(s, 150, rules...)
	retain(s, 149*7+5, Retention{MaxAge: time.Nanosecond})
	settle(t, s)
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Retain(stopped, rules); err == nil {
		t.Error("it does not end")
	}
}
