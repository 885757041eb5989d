package historytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

func testCancel(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, numbered("moin", "k", 2500)...)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	never := func(*ircbus.Event) error { t.Error("a cancelled Range has found something"); return nil }
	_, appendErr := s.Append(gone, numbered("moin", "x", 1))
	_, eventErr := s.Event(gone, 1)
	_, boundsErr := s.Bounds(gone)
	_, retainErr := s.Retain(gone, []history.Retention{{MaxCount: 1}})
	for what, err := range map[string]error{
		"Append": appendErr, "Event": eventErr, "Bounds": boundsErr, "Retain": retainErr,
		"Range": s.Range(gone, history.Query{}, never),
		"Tail":  s.Tail(gone, 0, func([]ircbus.Event) error { return nil }),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled %s: %v", what, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err := s.Range(ctx, history.Query{}, func(*ircbus.Event) error {
		if seen++; seen == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || seen != 10 {
		t.Errorf("a Range cancelled at the tenth event: %v after %d", err, seen)
	}
	failed := errors.New("the reader has failed")
	if err := s.Range(t.Context(), history.Query{}, func(*ircbus.Event) error { return failed }); err != failed {
		t.Errorf("a Range whose function fails: %v", err)
	}
	if got := all(t, s); len(got) != 2500 {
		t.Errorf("%d events are stored, want 2500", len(got))
	}
}

// testClose checks that what was acknowledged before Close is there afterwards,
// and that what was not got a clear answer.
func testClose(t *testing.T, b *bench) {
	s := b.open(t)
	var mu sync.Mutex
	acknowledged := map[string]ircbus.ID{}
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for a := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				key := fmt.Sprint(a, "-", i)
				receipts, err := s.Append(t.Context(), []ircbus.Event{event("moin", "key="+key)})
				if err != nil {
					if !errors.Is(err, history.ErrClosed) {
						t.Errorf("Append while closing: %v", err)
					}
					return
				}
				mu.Lock()
				acknowledged[key] = receipts[0].ID
				if len(acknowledged) == 200 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	receive(t, "200 events", enough)
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
	checkClosed(t, s)

	s = b.open(t)
	stored := map[string]ircbus.ID{}
	for _, e := range all(t, s) {
		stored[e.Fields.Get("key")] = e.ID
	}
	same(t, "stored", stored, acknowledged)
}

func checkClosed(t *testing.T, s Store) {
	t.Helper()
	_, appendErr := s.Append(t.Context(), numbered("moin", "x", 1))
	_, eventErr := s.Event(t.Context(), 1)
	_, boundsErr := s.Bounds(t.Context())
	_, retainErr := s.Retain(t.Context(), []history.Retention{{MaxCount: 1}})
	for what, err := range map[string]error{
		"Append": appendErr, "Event": eventErr, "Bounds": boundsErr, "Retain": retainErr,
		"Range": s.Range(t.Context(), history.Query{}, func(*ircbus.Event) error { return nil }),
		"Tail":  s.Tail(t.Context(), 0, func([]ircbus.Event) error { return nil }),
	} {
		if !errors.Is(err, history.ErrClosed) {
			t.Errorf("%s of a closed store: %v", what, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
}
