package door

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCaseA8Guesses: who has the secret is let in at once, who guesses waits, and cannot
// guess much at one time; who has it and others are not concerned, and nothing is kept.
func TestCaseA8Guesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g guesses
		alice, neighbour, bob := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("192.0.2.1")
		const right, wrong = true, false
		begun := time.Now()
		if ok, err := g.admit(t.Context(), alice, right); !ok || err != nil || time.Since(begun) != 0 {
			t.Errorf("right: %v, %v after %v", ok, err, time.Since(begun))
		}
		if ok, err := g.admit(t.Context(), alice, wrong); ok || err != nil || time.Since(begun) != guessTime {
			t.Errorf("wrong: %v, %v after %v", ok, err, time.Since(begun))
		}
		var answered atomic.Int32
		for range maxGuesses - 1 {
			go func() {
				g.admit(t.Context(), alice, wrong)
				answered.Add(1)
			}()
		}
		synctest.Wait()
		if ok, err := g.admit(t.Context(), alice, right); !ok || err != nil {
			t.Errorf("right, while others guess: %v, %v", ok, err)
		}
		canceled, cancel := context.WithCancel(t.Context())
		go g.admit(canceled, neighbour, wrong)
		synctest.Wait()
		begun = time.Now()
		if ok, err := g.admit(t.Context(), alice, wrong); ok || !errors.Is(err, ErrGuesses) || time.Since(begun) != 0 {
			t.Errorf("wrong, while as many guess as may: %v, %v", ok, err)
		}
		if ok, err := g.admit(t.Context(), alice, right); !ok || err != nil || time.Since(begun) != 0 {
			t.Errorf("right, while as many guess as may: %v, %v after %v", ok, err, time.Since(begun))
		}
		if ok, err := g.admit(t.Context(), bob, right); !ok || err != nil {
			t.Errorf("from elsewhere: %v, %v", ok, err)
		}
		cancel()
		synctest.Wait()
		if ok, err := g.admit(t.Context(), alice, right); !ok || err != nil || answered.Load() != 0 {
			t.Errorf("when one has gone: %v, %v", ok, err)
		}
		time.Sleep(guessTime)
		synctest.Wait()
		if len(g.waiting) != 0 || answered.Load() != maxGuesses-1 {
			t.Errorf("%d answers, %v are kept", answered.Load(), g.waiting)
		}
	})
}
