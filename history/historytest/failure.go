package historytest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

// large makes a batch that needs more room than a store has by chance, some
// 600 kB.
func large(prefix string) []ircbus.Event {
	batch := numbered("moin", prefix, 100)
	for i := range batch {
		batch[i].Fields = append(batch[i].Fields, ircbus.Field{Key: "comment", Value: strings.Repeat("long ", 1200)}).Canonical()
	}
	return batch
}

// Failure checks how a store bears that it cannot write: batches are refused
// whole, reading goes on, the store says so and recovers by itself. fail makes
// large writes fail until mend is called.
func Failure(t *testing.T, h Harness, fail func(t *testing.T, s Store) (mend func())) {
	b := newBench(h)
	s := b.open(t)
	store(t, s, large("before-")...)
	f := follow(t.Context(), s, 0, nil)
	f.get(t, 100)
	for round := range 2 {
		prefix := fmt.Sprint("round", round, "-")
		mend := fail(t, s)
		refused(t, s, prefix)
		if s.Writable() == nil {
			t.Error("a write has failed, but Writable is nil")
		}
		if got := all(t, s); len(got) != 100*(8*round+1) {
			t.Errorf("while writing fails, %d events can be read", len(got))
		}
		mend()
		eventually(t, "the store recovers by itself", func() bool { return s.Writable() == nil })
		for i := range 8 {
			for _, r := range store(t, s, large(fmt.Sprint(prefix, i, "-"))...) {
				if r.Duplicate {
					t.Fatalf("a part of a refused batch was stored as event %d", r.ID)
				}
			}
		}
	}
	stored := all(t, s)
	same(t, "what Tail delivered", f.get(t, len(stored)), stored)
	s = b.reopen(t, s)
	same(t, "what is there after a restart", all(t, s), stored)
}

// refused has several publish at once and checks that all are refused.
func refused(t *testing.T, s Store, prefix string) {
	t.Helper()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			_, err := s.Append(t.Context(), large(fmt.Sprint(prefix, i, "-")))
			refusal, ok := errors.AsType[*ircbus.Refusal](err)
			if !ok || refusal.Code != ircbus.StoreUnavailable {
				t.Errorf("Append that cannot be stored: %v", err)
			} else if i == 0 {
				t.Logf("refused with: %s", refusal.Reason)
			}
		})
	}
	wg.Wait()
}
