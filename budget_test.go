package ircbus_test

import (
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

func TestCaseA3Budget(t *testing.T) {
	b := ircbus.NewBudget(100_000)
	var cut []string
	share := func(name string) *ircbus.Share { return b.Share(func() { cut = append(cut, name) }) }
	small, large, body := share("small"), share("large"), b.Share(nil)
	for _, set := range []struct {
		s *ircbus.Share
		n int
	}{{small, 30_000}, {large, 60_000}, {small, 100}, {small, 35_000}} {
		if over := set.s.Set(set.n); over != nil {
			t.Fatalf("%d bytes are used, and somebody must give way", b.Used())
		}
	}
	if body.Take(10_000) || !body.Take(5_000) || b.Used() != 100_000 {
		t.Errorf("%d bytes are used", b.Used())
	}
	over := small.Set(40_000)
	if over != large {
		t.Fatal("not the largest has to give way")
	}
	if over.Cut(); len(cut) != 1 || cut[0] != "large" || b.Used() != 45_000 {
		t.Errorf("%v were cut, %d bytes are used", cut, b.Used())
	}
	if large.Set(99_000) != nil || !large.Take(99_000) || b.Used() != 45_000 {
		t.Error("who was cut still counts")
	}
	for _, s := range []*ircbus.Share{small, large, body, small} {
		s.End()
	}
	if b.Used() != 0 {
		t.Errorf("at the end %d bytes are used", b.Used())
	}
	var none *ircbus.Share
	if !none.Take(1<<40) || none.Set(1<<40) != nil {
		t.Error("no share has a limit")
	}
	none.End()
}

// TestCaseA3Pressed: it is told once when much comes to be used, and again after it was
// given back.
func TestCaseA3Pressed(t *testing.T) {
	b := ircbus.NewBudget(100_000)
	s := b.Share(nil)
	told := func() bool {
		select {
		case <-b.Pressed():
			return true
		default:
			return false
		}
	}
	for i, n := range []int{20_000, 30_000, 40_000, 10_000, 26_000} {
		s.Set(n)
		want := i == 1 || i == 4
		if got := told(); got != want || b.IsPressed() != (n > 25_000) {
			t.Errorf("%d bytes: told %v, pressed %v", n, got, b.IsPressed())
		}
	}
}

func TestBudgetByMany(t *testing.T) {
	b := ircbus.NewBudget(50_000)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := b.Share(func() {})
			defer s.End()
			for n := range 500 {
				if over := s.Set(5_000 + 10*n + i); over != nil {
					over.Cut()
				}
				s.Take(100)
			}
		})
	}
	wg.Wait()
	if b.Used() != 0 {
		t.Errorf("%d bytes are used", b.Used())
	}
}
