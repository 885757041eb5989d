package historytest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

func testOrder(t *testing.T, b *bench) {
	s := b.open(t)
	var sent []ircbus.Event
	for i := range 20 {
		batch := numbered("moin", fmt.Sprint("b", i, "-"), i%4+1)
		for k, r := range store(t, s, batch...) {
			if r.Duplicate {
				t.Fatalf("event %d is said to be a duplicate", r.ID)
			}
			if n := len(sent); n > 0 && (r.ID <= sent[n-1].ID || r.At.Before(sent[n-1].At)) {
				t.Fatalf("receipt %+v came after %v", r, sent[n-1])
			}
			batch[k].ID, batch[k].At = r.ID, r.At
			sent = append(sent, batch[k])
		}
		b.clock.move(time.Millisecond)
	}
	checkStored := func() {
		t.Helper()
		got := all(t, s)
		same(t, "ids", ids(got), ids(sent))
		for i, e := range got {
			want := sent[i]
			want.Fields = append(want.Fields[:len(want.Fields):len(want.Fields)], ircbus.Field{Key: "time", Value: ircbus.FormatTime(want.At)}).Canonical()
			same(t, "stored event", e, want)
		}
	}
	checkStored()
	s = b.reopen(t, s)
	checkStored()
}

func testTime(t *testing.T, b *bench) {
	s := b.open(t)
	caller := event("moin", "user=U&comment=a+b&page=פתיחה&key=k&wiki=W&zoo=1&zoo=2")
	before := caller.Fields.Encode()
	store(t, s, caller, event("moin", "page=A&time=2001-01-01T00:00:00Z&x=%25"), event("moin", "time="), event("moin", "x=1"))
	if caller.Fields.Encode() != before || caller.ID != 0 {
		t.Error("Append has changed its argument")
	}
	const at = "time=2026-11-20T10:00:00.123456Z"
	var got []string
	for _, e := range all(t, s) {
		got = append(got, e.Fields.Encode())
		if !e.At.Equal(time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC)) || e.At.Location() != time.UTC {
			t.Errorf("event %d was accepted at %v", e.ID, e.At)
		}
	}
	same(t, "bodies", got, []string{
		"wiki=W&page=פתיחה&user=U&" + at + "&comment=a+b&zoo=1&zoo=2&key=k",
		"page=A&time=2001-01-01T00:00:00Z&x=%25",
		"time=",
		at + "&x=1",
	})
}

func testClock(t *testing.T, b *bench) {
	s := b.open(t)
	first := store(t, s, event("moin", "page=A"))[0]
	b.clock.move(-time.Hour)
	second := store(t, s, event("moin", "page=B"))[0]
	s = b.reopen(t, s)
	third := store(t, s, event("moin", "page=C"))[0]
	retain(t, s, history.Retention{MaxAge: time.Nanosecond}) // by the clock, they are from the future
	b.clock.move(2 * time.Hour)
	retain(t, s, history.Retention{MaxAge: time.Nanosecond})
	b.clock.move(-2 * time.Hour)
	s = b.reopen(t, s)
	fourth := store(t, s, event("moin", "page=D"))[0]
	if !second.At.After(first.At) || !third.At.After(second.At) || !fourth.At.After(third.At) || fourth.At.Sub(first.At) > time.Second {
		t.Errorf("the clock went back, and with it the times, or they stood still: %v, %v, %v, %v", first.At, second.At, third.At, fourth.At)
	}
	if second.ID <= first.ID || third.ID <= second.ID || fourth.ID <= third.ID {
		t.Errorf("ids %d, %d, %d, %d", first.ID, second.ID, third.ID, fourth.ID)
	}
}

func testRefused(t *testing.T, b *bench) {
	s := b.open(t)
	good := event("moin", "page=A&key=k")
	for _, bad := range []ircbus.Event{
		{Publisher: "moin", Fields: good.Fields},
		{Channel: "#moin", Fields: good.Fields},
		{Channel: "#moin", Publisher: "moin"},
	} {
		_, err := s.Append(t.Context(), []ircbus.Event{good, bad})
		if refusal, ok := errors.AsType[*ircbus.Refusal](err); !ok || refusal.Code != ircbus.InvalidEvent {
			t.Errorf("Append of %+v: %v", bad, err)
		}
	}
	if receipts := store(t, s); len(receipts) != 0 {
		t.Errorf("receipts for nothing: %v", receipts)
	}
	if got := all(t, s); len(got) > 0 {
		t.Errorf("of refused batches there is %v", got)
	}
	if store(t, s, good)[0].Duplicate {
		t.Error("the key of a refused batch has been kept")
	}
}

// testAtomic checks that nobody ever sees a part of a batch.
func testAtomic(t *testing.T, b *bench) {
	const appenders, batches, size = 4, 40, 7
	s := b.open(t)
	var wg sync.WaitGroup
	for a := range appenders {
		wg.Go(func() {
			for i := range batches {
				batch := numbered(fmt.Sprint("p", a), fmt.Sprint(i, "-"), size)
				receipts, err := s.Append(t.Context(), batch)
				if err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				for k := 1; k < size; k++ {
					if receipts[k].ID != receipts[0].ID+ircbus.ID(k) {
						t.Errorf("a batch has the ids %v", receipts)
					}
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { wg.Wait(); close(finished) }()
	for done := false; !done; {
		select {
		case <-finished:
			done = true
		default:
		}
		seen := map[string]int{}
		for _, e := range all(t, s) {
			batch, _, _ := strings.Cut(e.Fields.Get("key"), "-")
			seen[e.Publisher+" "+batch]++
		}
		for batch, n := range seen {
			if n != size {
				t.Fatalf("%d events of batch %s were seen, it has %d", n, batch, size)
			}
		}
		if done && len(seen) != appenders*batches {
			t.Errorf("%d batches of %d are there", len(seen), appenders*batches)
		}
	}
}

func testDuplicates(t *testing.T, b *bench) {
	s := b.open(t)
	check := func(what string, got, first ircbus.Receipt) {
		t.Helper()
		first.Duplicate = true
		same(t, what, got, first)
	}
	receipts := store(t, s, event("moin", "page=A&key=k"), event("moin", "page=B"), event("moin", "page=C&key=k"), event("moin", "page=B"))
	first := receipts[0]
	check("in the same batch", receipts[2], first)
	if receipts[3].Duplicate || receipts[3].ID == receipts[1].ID {
		t.Error("without a key there are no duplicates")
	}
	b.clock.move(time.Minute)
	check("in another batch", store(t, s, event("moin", "page=D&key=k"))[0], first)
	shouted := event("MOIN", "page=E&key=k")
	check("of the publisher in capitals", store(t, s, shouted)[0], first)
	elsewhere := event("moin", "page=E&key=k")
	elsewhere.Channel = "#elsewhere"
	check("in another channel", store(t, s, elsewhere)[0], first)
	for _, publisher := range []string{"moin", "MOIN"} {
		if id, err := s.Keyed(t.Context(), publisher, "k"); id != first.ID || err != nil {
			t.Errorf("Keyed of %s: %d, %v", publisher, id, err)
		}
	}
	for _, publisher := range []string{"moin", "nobody"} {
		if _, err := s.Keyed(t.Context(), publisher, "K"); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Keyed of %s with an unknown key: %v", publisher, err)
		}
	}
	if r := store(t, s, event("other", "page=F&key=k"))[0]; r.Duplicate || r.ID <= receipts[3].ID {
		t.Errorf("another publisher's: %+v", r)
	}
	if r := store(t, s, event("moin", "page=G&key=K"))[0]; r.Duplicate {
		t.Error("keys differ by case")
	}
	s = b.reopen(t, s)
	check("after a restart", store(t, s, event("moin", "page=H&key=k"))[0], first)
	b.clock.move(time.Hour)
	if removed := retain(t, s, history.Retention{MaxAge: time.Minute}); removed != 5 {
		t.Errorf("retention removed %d events", removed)
	}
	check("after retention", store(t, s, event("moin", "page=I&key=k"))[0], first)
	s = b.reopen(t, s)
	check("after retention and a restart", store(t, s, event("moin", "page=J&key=k"))[0], first)
	if got := all(t, s); len(got) > 0 {
		t.Errorf("a duplicate has been stored: %v", got)
	}
}

// testDuplicatesAtOnce has many send the same events at the same time.
func testDuplicatesAtOnce(t *testing.T, b *bench) {
	const senders, events = 8, 50
	s := b.open(t)
	results := make([][]ircbus.Receipt, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for _, e := range numbered("moin", "k", events) {
				receipts, err := s.Append(t.Context(), []ircbus.Event{e})
				if err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				results[i] = append(results[i], receipts...)
			}
		})
	}
	wg.Wait()
	got := all(t, s)
	if len(got) != events || t.Failed() {
		t.Fatalf("%d events are stored, want %d", len(got), events)
	}
	for k, e := range got {
		firsts := 0
		for i := range senders {
			if results[i][k].ID != e.ID || !results[i][k].At.Equal(e.At) {
				t.Errorf("receipt %+v for %v", results[i][k], e)
			}
			if !results[i][k].Duplicate {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("%d senders were first with event %d", firsts, e.ID)
		}
	}
}
