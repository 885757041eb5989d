package historytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// follower collects what a Tail delivers.
type follower struct {
	ended chan error

	mu      sync.Mutex
	events  []ircbus.Event // guarded by mu
	waiting []wait         // guarded by mu
}

// wait is for somebody who waits until enough events are there.
type wait struct {
	events  int
	reached chan struct{}
}

// follow starts a Tail, which calls before, if not nil, before it takes events.
func follow(ctx context.Context, s Store, after ircbus.ID, before func()) *follower {
	f := &follower{ended: make(chan error, 1)}
	go func() {
		f.ended <- s.Tail(ctx, after, func(events []ircbus.Event) error {
			if before != nil {
				before()
			}
			return f.take(events)
		})
	}()
	return f
}

func (f *follower) take(events []ircbus.Event) error {
	if len(events) == 0 {
		return errors.New("an empty slice was delivered")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, events...)
	f.waiting = slices.DeleteFunc(f.waiting, func(w wait) bool {
		if len(f.events) >= w.events {
			close(w.reached)
			return true
		}
		return false
	})
	return nil
}

// get waits for n events and returns all that there are.
func (f *follower) get(t *testing.T, n int) []ircbus.Event {
	t.Helper()
	reached := make(chan struct{})
	f.mu.Lock()
	if len(f.events) >= n {
		close(reached)
	} else {
		f.waiting = append(f.waiting, wait{n, reached})
	}
	f.mu.Unlock()
	receive(t, fmt.Sprintf("Tail's %d events", n), reached)
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.events)
}

// testTail checks that every Tail delivers the same as is stored, while others
// append: one from the beginning, some that begin later, and one so slow that it
// falls far behind.
func testTail(t *testing.T, b *bench) {
	const appenders, size = 4, 100
	batches := many(30)
	total := appenders*batches*size + 1
	s := b.open(t)
	store(t, s, event("moin", "page=first"))

	appended := make(chan struct{})
	slow := func() { <-appended }
	followers := []*follower{follow(t.Context(), s, 0, nil), follow(t.Context(), s, 0, nil), follow(t.Context(), s, 0, slow)}
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range batches {
				if _, err := s.Append(t.Context(), numbered(fmt.Sprint("p", a), fmt.Sprint(i, "-"), size)); err != nil {
					t.Errorf("Append: %v", err)
				}
			}
		})
	}
	followers[0].get(t, total/4)
	followers = append(followers, follow(t.Context(), s, 0, nil))
	wg.Wait()
	close(appended)
	followers = append(followers, follow(t.Context(), s, 0, nil))
	stored := all(t, s)
	if len(stored) != total {
		t.Fatalf("%d events are stored, want %d", len(stored), total)
	}
	for i, f := range followers {
		same(t, fmt.Sprintf("follower %d", i), f.get(t, total), stored)
	}
	last := store(t, s, event("moin", "page=last"))[0]
	for i, f := range followers {
		if got := f.get(t, total+1); len(got) != total+1 || got[total].ID != last.ID {
			t.Errorf("follower %d got %v after %d", i, ids(got[total:]), stored[total-1].ID)
		}
	}
}

func testTailMiddle(t *testing.T, b *bench) {
	s := b.open(t)
	receipts := storeEach(t, s, numbered("moin", "a", 30)...)
	receipts = append(receipts, store(t, s, numbered("moin", "b", 30)...)...)
	stored := all(t, s)
	check := func(cursor int) {
		t.Helper()
		got := follow(t.Context(), s, receipts[cursor].ID, nil).get(t, len(stored)-cursor-1)
		same(t, fmt.Sprint("after ", receipts[cursor].ID), ids(got), ids(stored[cursor+1:]))
	}
	for _, cursor := range []int{0, 7, 29, 30, 45, 58} {
		check(cursor)
	}
	s = b.reopen(t, s)
	check(7)
	ahead := follow(t.Context(), s, receipts[59].ID+2, nil)
	present := follow(t.Context(), s, receipts[59].ID, nil)
	more := store(t, s, numbered("moin", "c", 5)...)
	same(t, "from a cursor ahead", ids(ahead.get(t, 3)), []ircbus.ID{more[2].ID, more[3].ID, more[4].ID})
	if got := present.get(t, 5); got[0].ID != more[0].ID {
		t.Errorf("from the end came %v", ids(got))
	}
}

func testTailEnds(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, event("moin", "page=A"))
	failed := errors.New("the reader has failed")
	fails := func([]ircbus.Event) error { return failed }
	if err := s.Tail(t.Context(), 0, fails); err != failed {
		t.Errorf("Tail whose stored event fails: %v", err)
	}
	live := make(chan error, 1)
	head := bounds(t, s).Head
	go func() { live <- s.Tail(t.Context(), head, fails) }()
	store(t, s, event("moin", "page=B"))
	if err := receive(t, "Tail's end", live); err != failed {
		t.Errorf("Tail whose live event fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := follow(ctx, s, 0, nil)
	cancelled.get(t, 2)
	cancel()
	if err := receive(t, "Tail's end", cancelled.ended); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Tail: %v", err)
	}
	closed := follow(t.Context(), s, 0, nil)
	closed.get(t, 2)
	s.Close()
	if err := receive(t, "Tail's end", closed.ended); !errors.Is(err, history.ErrClosed) {
		t.Errorf("Tail of a store that was closed: %v", err)
	}
}
