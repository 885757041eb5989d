package door

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestStorm: the first ones pass, the others are counted, the last is kept, and
// in the next window the client is heard again.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStorm(2, time.Minute)
		pass := func(client, message string, want bool, wantWait time.Duration) {
			t.Helper()
			if ok, wait := s.Pass(client, message); ok != want || wait != wantWait {
				t.Errorf("%s %s: %v, %v", client, message, ok, wait)
			}
		}
		began := time.Now()
		pass("a", "1", true, 0)
		pass("a", "2", true, 0)
		pass("a", "3", false, time.Minute)
		pass("b", "1", true, 0)
		time.Sleep(20 * time.Second)
		pass("a", "4", false, 40*time.Second)
		if held := s.Over(false); len(held) > 0 {
			t.Errorf("over already: %+v", held)
		}
		time.Sleep(40 * time.Second)
		if diff := cmp.Diff([]Gust{{"a", began, 2, 2, "4"}}, s.Over(false)); diff != "" {
			t.Error(diff)
		}
		pass("a", "5", true, 0)
		pass("a", "6", true, 0)
		pass("a", "7", false, time.Minute)
		if held := s.Over(true); len(held) != 1 || held[0].Last != "7" {
			t.Errorf("at the end: %+v", held)
		}
		if ok, _ := NewStorm(0, time.Minute).Pass("a", "1"); !ok {
			t.Error("no limit, and held back")
		}
		for i := range maxStorms {
			s.Pass(string(rune(i)), "x")
		}
		pass("one more", "1", false, time.Minute)
	})
}
