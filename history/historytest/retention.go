package historytest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

func testRetainAge(t *testing.T, b *bench) {
	s := b.open(t)
	var old []ircbus.Receipt
	for i := range 4 {
		old = append(old, store(t, s, event("moin", fmt.Sprint("page=M", i)), event("other", fmt.Sprint("page=O", i)))...)
		b.clock.move(time.Hour)
	}
	if n := retain(t, s); n != 0 {
		t.Errorf("no rules have removed %d events", n)
	}
	// The events are 4, 3, 2 and 1 hours old.
	if n := retain(t, s, history.Retention{MaxAge: 190 * time.Minute}, history.Retention{Channel: "#OTHER", MaxAge: 150 * time.Minute}); n != 3 {
		t.Errorf("retention has removed %d events, want 3", n)
	}
	same(t, "what is left", values(all(t, s), "page"), "M1 M2 O2 M3 O3")
	check := func(channels []string, removed ircbus.Receipt) {
		t.Helper()
		want := history.Bounds{Epoch: bounds(t, s).Epoch, Head: old[7].ID, Oldest: old[2].ID, Removed: removed.ID, RemovedAt: removed.At}
		same(t, fmt.Sprint("bounds of ", channels), bounds(t, s, channels...), want)
	}
	for range 2 {
		check(nil, old[3])
		check([]string{"#moin"}, old[0])
		check([]string{"#Other"}, old[3])
		check([]string{"#moin", "#other"}, old[3])
		check([]string{"#nobody"}, ircbus.Receipt{})
		s = b.reopen(t, s)
	}
	if n := retain(t, s, history.Retention{MaxAge: 190 * time.Minute}); n != 0 {
		t.Errorf("the same rule has removed %d events more", n)
	}
}

func testRetainCount(t *testing.T, b *bench) {
	s := b.open(t)
	for i := range 1300 {
		if i%130 == 0 {
			store(t, s, event("other", fmt.Sprint("page=O", i)))
		}
		if i%13 == 0 {
			store(t, s, numbered("moin", fmt.Sprint(i, "-"), 13)...)
		}
	}
	stored := query(t, s, history.Query{Views: []ircbus.View{view(t, "#moin")}})
	if n := retain(t, s, history.Retention{MaxCount: 100}); n != 1200 {
		t.Errorf("retention has removed %d events, want 1200", n)
	}
	left := query(t, s, history.Query{Views: []ircbus.View{view(t, "#moin")}})
	same(t, "what is left", ids(left), ids(stored[1200:]))
	if others := query(t, s, history.Query{Views: []ircbus.View{view(t, "#other")}}); len(others) != 10 {
		t.Errorf("of 10 events in the other channel %d are left", len(others))
	}
	got := bounds(t, s, "#moin")
	if got.Removed != stored[1199].ID || !got.RemovedAt.Equal(stored[1199].At) {
		t.Errorf("bounds %+v, but %d was removed last", got, stored[1199].ID)
	}
	// Two rules for a channel: the stricter one counts; two spellings are one channel.
	shouted := event("moin", "page=last")
	shouted.Channel = "#MOIN"
	store(t, s, shouted)
	if n := retain(t, s, history.Retention{Channel: "#moin", MaxCount: 3, MaxAge: time.Hour}, history.Retention{Channel: "#Moin", MaxCount: 50}); n != 98 {
		t.Errorf("retention has removed %d events, want 98", n)
	}
	left = query(t, s, history.Query{Views: []ircbus.View{view(t, "#moin")}})
	same(t, "what is left", values(left, "page"), "P12 P13 last")
}

// testRetainAll empties the log: ids and epoch go on.
func testRetainAll(t *testing.T, b *bench) {
	s := b.open(t)
	receipts := store(t, s, numbered("moin", "a", 10)...)
	before := bounds(t, s)
	b.clock.move(time.Hour)
	if n := retain(t, s, history.Retention{MaxAge: time.Minute}); n != 10 {
		t.Errorf("retention has removed %d events, want 10", n)
	}
	last := receipts[9]
	want := history.Bounds{Epoch: before.Epoch, Head: last.ID, Oldest: last.ID + 1, Removed: last.ID, RemovedAt: last.At}
	for range 2 {
		same(t, "bounds", bounds(t, s), want)
		if got := query(t, s, history.Query{From: receipts[0].At}); len(got) != 0 {
			t.Errorf("removed, but still there: %v", got)
		}
		if _, err := s.Event(t.Context(), last.ID); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Event(%d): %v", last.ID, err)
		}
		s = b.reopen(t, s)
	}
	f := follow(t.Context(), s, 0, nil)
	next := store(t, s, event("moin", "page=next"))[0]
	if next.ID <= last.ID {
		t.Errorf("id %d was given out again", next.ID)
	}
	same(t, "Tail over what is gone", ids(f.get(t, 1)), []ircbus.ID{next.ID})
}

// testRetainWhileUsed removes while others append and read.
func testRetainWhileUsed(t *testing.T, b *bench) {
	const batches, size, kept = 60, 100, 50
	s := b.open(t)
	f := follow(t.Context(), s, 0, nil)
	var wg sync.WaitGroup
	appended := make(chan struct{})
	wg.Go(func() {
		defer close(appended)
		for i := range batches {
			if _, err := s.Append(t.Context(), numbered("moin", fmt.Sprint(i, "-"), size)); err != nil {
				t.Errorf("Append: %v", err)
			}
		}
	})
	wg.Go(func() {
		for done := false; !done; {
			select {
			case <-appended:
				done = true
			default:
			}
			if _, err := s.Retain(t.Context(), []history.Retention{{MaxCount: kept}}); err != nil {
				t.Errorf("Retain: %v", err)
			}
		}
	})
	wg.Wait()
	left := all(t, s)
	if len(left) != kept {
		t.Errorf("%d events are left, want %d", len(left), kept)
	}
	got := bounds(t, s)
	if got.Oldest != left[0].ID || got.Head != left[kept-1].ID || got.Removed >= got.Oldest || got.Removed == 0 {
		t.Errorf("bounds %+v, events %d to %d", got, left[0].ID, left[kept-1].ID)
	}
	// Retention may have been faster than the tail, but what comes is in order.
	last := store(t, s, event("moin", "page=last"))[0]
	eventually(t, "the last event is delivered", func() bool {
		events := f.get(t, 1)
		return events[len(events)-1].ID == last.ID
	})
	events := f.get(t, 1)
	for i := range events[1:] {
		if events[i+1].ID <= events[i].ID {
			t.Fatalf("after %d came %d", events[i].ID, events[i+1].ID)
		}
	}
}

// testRetainUnderRange removes what a Range has still to read: it must not leave
// a hole without saying so.
func testRetainUnderRange(t *testing.T, b *bench) {
	s := b.open(t)
	for i := range 50 {
		store(t, s, numbered("moin", fmt.Sprint(i, "-"), 100)...)
	}
	store(t, s, numbered("other", "o", 100)...)
	var got []ircbus.Event
	err := s.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		if got = append(got, *e); len(got) == 1 {
			retain(t, s, history.Retention{Channel: "#moin", MaxCount: 10})
		}
		return nil
	})
	if err == nil {
		if len(got) != 5100 {
			t.Errorf("Range left out %d events and did not say so", 5100-len(got))
		}
	} else if !errors.Is(err, history.ErrRemoved) {
		t.Errorf("Range: %v", err)
	}
	for i := range got[1:] {
		if got[i+1].ID != got[i].ID+1 {
			t.Fatalf("after %d came %d", got[i].ID, got[i+1].ID)
		}
	}
	if left := all(t, s); len(left) != 110 {
		t.Errorf("%d events are left, want 110", len(left))
	}
}

// testRetainBeforeRange reads across what retention has removed earlier, which
// is no reason for a Range to end.
func testRetainBeforeRange(t *testing.T, b *bench) {
	s := b.open(t)
	for i := range 25 {
		store(t, s, append(numbered("moin", fmt.Sprint(i, "-"), 100), numbered("other", fmt.Sprint(i, "-"), 100)...)...)
	}
	retain(t, s, history.Retention{Channel: "#moin", MaxCount: 10})
	if left := all(t, s); len(left) != 2510 {
		t.Errorf("Range found %d events, want 2510", len(left))
	}
	// Another channel's removal is seen below what the first one's has reached.
	got := 0
	err := s.Range(t.Context(), history.Query{}, func(*ircbus.Event) error {
		if got++; got == 1 {
			retain(t, s, history.Retention{Channel: "#other", MaxCount: 500})
		}
		return nil
	})
	if err == nil && got != 2510 || err != nil && !errors.Is(err, history.ErrRemoved) {
		t.Errorf("Range found %d events and ended with %v", got, err)
	}
}

// testRetainUnderTail removes events before a Tail comes to them, though they
// have been stored a moment ago: it does not deliver them, and goes on.
func testRetainUnderTail(t *testing.T, b *bench) {
	s := b.open(t)
	begun, proceed := make(chan struct{}), make(chan struct{})
	first := true
	f := follow(t.Context(), s, 0, func() {
		if first {
			first = false
			close(begun)
			receive(t, "the removal", proceed)
		}
	})
	storeEach(t, s, event("moin", "page=A"))
	receive(t, "the first event", begun)
	storeEach(t, s, numbered("moin", "a", 20)...)
	kept := storeEach(t, s, event("other", "page=B"))
	store(t, s, append(numbered("moin", "b", 20), event("other", "page=C"))...)
	retain(t, s, history.Retention{Channel: "#moin", MaxCount: 5})
	close(proceed)
	events := f.get(t, 8)
	same(t, "what was delivered", values(events, "page"), "A B P16 P17 P18 P19 P20 C")
	if events[1].ID != kept[0].ID {
		t.Errorf("%d came instead of %d", events[1].ID, kept[0].ID)
	}
}
