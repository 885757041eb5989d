package historytest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// redact has the publisher of the events redact one of them.
func redact(t *testing.T, s Store, r ircbus.Redaction) ircbus.Event {
	t.Helper()
	tombstone, err := s.Redact(t.Context(), r)
	if err != nil {
		t.Fatalf("Redact(%+v): %v", r, err)
	}
	return tombstone
}

func testRedact(t *testing.T, b *bench) {
	s := b.open(t)
	receipts := store(t, s, numbered("moin", "k", 3)...)
	target := receipts[0].ID // the oldest, and the one in front of others in its batch
	before := bounds(t, s)
	b.clock.move(time.Minute)
	tombstone := redact(t, s, ircbus.Redaction{Target: target, By: "MOIN", Reason: "spam"})
	want := event("moin", "page=X")
	want.ID, want.At = receipts[2].ID+1, receipts[2].At.Add(time.Minute)
	want.Fields = ircbus.Fields{{Key: "action", Value: "REDACT"}, {Key: "user", Value: "MOIN"}, {Key: "time", Value: ircbus.FormatTime(want.At)},
		{Key: "target", Value: fmt.Sprint(target)}, {Key: "reason", Value: "spam"}}
	same(t, "tombstone", tombstone, want)
	for range 2 {
		same(t, "ids", ids(all(t, s)), []ircbus.ID{receipts[1].ID, receipts[2].ID, tombstone.ID})
		stored, err := s.Event(t.Context(), tombstone.ID)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "stored tombstone", stored, want)
		_, err = s.Event(t.Context(), target)
		if r, ok := errors.AsType[*history.Redacted](err); !ok || r.Tombstone != tombstone.ID || r.ID != target || !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Event of a redacted one: %v", err)
		}
		same(t, "bounds", bounds(t, s), history.Bounds{Epoch: before.Epoch, Head: tombstone.ID, Oldest: receipts[1].ID, Redacted: tombstone.ID})
		again := store(t, s, event("moin", "page=P1&key=k1"))[0]
		if !again.Duplicate || again.ID != target {
			t.Errorf("the key of a redacted event is forgotten: %+v", again)
		}
		if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: target, By: "moin"}); !errors.As(err, new(*history.Redacted)) {
			t.Errorf("redacting it again: %v", err)
		}
		s = b.reopen(t, s)
	}
	next := store(t, s, event("moin", "page=N"))[0]
	if next.ID != tombstone.ID+1 {
		t.Errorf("after the tombstone %d comes %d", tombstone.ID, next.ID)
	}
}

func testRedactFields(t *testing.T, b *bench) {
	s := b.open(t)
	id := store(t, s, event("moin", "page=A&comment=private&comment=twice&text=t&key=k"))[0].ID
	tombstone := redact(t, s, ircbus.Redaction{Target: id, Names: []string{"comment", "text"}, By: "root", Operator: true})
	if got := tombstone.Fields.Get("fields"); got != "comment,text" || tombstone.Publisher != "moin" || tombstone.Channel != "#moin" {
		t.Errorf("the tombstone is %+v", tombstone)
	}
	if stored := all(t, s); stored[0].Fields.Get("page") != "A" || stored[0].Fields.Has("comment") || stored[0].Fields.Has("text") || !stored[0].Fields.Has("key") {
		t.Errorf("left is %s", stored[0].Fields.Encode())
	}
	redact(t, s, ircbus.Redaction{Target: id, Names: []string{"key"}, By: "moin"})
	if !store(t, s, event("moin", "page=A&key=k"))[0].Duplicate {
		t.Error("a key that is not shown any more is forgotten")
	}
	last := redact(t, s, ircbus.Redaction{Target: id, Names: []string{"page", "time"}, By: "moin"})
	if last.Fields.Has("fields") {
		t.Errorf("nothing is left, but the tombstone is %s", last.Fields.Encode())
	}
	if _, err := s.Event(t.Context(), id); !errors.As(err, new(*history.Redacted)) {
		t.Errorf("an event with nothing left: %v", err)
	}
}

func testRedactRefused(t *testing.T, b *bench) {
	s := b.open(t)
	id := store(t, s, event("moin", "page=A"))[0].ID
	tombstone := redact(t, s, ircbus.Redaction{Target: store(t, s, event("moin", "page=B"))[0].ID, By: "moin", Reason: "why"})
	for _, r := range []ircbus.Redaction{
		{Target: tombstone.ID + 1, By: "moin"}, {Target: 1 << 63, By: "moin"},
		{Target: id, By: "moin", Channel: "#other"}, {Target: id, By: "root", Operator: true, Channel: "#other"},
	} {
		if _, err := s.Redact(t.Context(), r); !errors.Is(err, history.ErrNotFound) || errors.As(err, new(*history.Redacted)) {
			t.Errorf("Redact(%+v): %v", r, err)
		}
	}
	for _, test := range []struct {
		r    ircbus.Redaction
		code ircbus.Code
	}{
		{ircbus.Redaction{By: "moin"}, ircbus.InvalidEvent},
		{ircbus.Redaction{Target: id, By: "moin", Names: []string{"comment"}}, ircbus.InvalidEvent},
		{ircbus.Redaction{Target: id, By: "moin", Reason: strings.Repeat("x", ircbus.MaxReason+1)}, ircbus.EventTooLarge},
		{ircbus.Redaction{Target: id, By: "other"}, ircbus.NotPublisher},
		{ircbus.Redaction{Target: id}, ircbus.NotPublisher},
		{ircbus.Redaction{Target: tombstone.ID, By: "moin"}, ircbus.InvalidEvent},
		{ircbus.Redaction{Target: tombstone.ID, By: "moin", Names: []string{"target"}}, ircbus.InvalidEvent},
	} {
		_, err := s.Redact(t.Context(), test.r)
		if refusal, ok := errors.AsType[*ircbus.Refusal](err); !ok || refusal.Code != test.code {
			t.Errorf("Redact(%+v): %v, want %s", test.r, err, test.code)
		}
	}
	if got := bounds(t, s); got.Head != tombstone.ID || len(all(t, s)) != 2 {
		t.Errorf("something refused has left something behind: %+v", got)
	}
	redact(t, s, ircbus.Redaction{Target: tombstone.ID, By: "moin", Channel: "#MOIN", Names: []string{"reason"}})
	if e, err := s.Event(t.Context(), tombstone.ID); err != nil || e.Fields.Has("reason") {
		t.Errorf("a tombstone whose reason was removed: %+v, %v", e, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: id, By: "moin"}); !errors.Is(err, history.ErrClosed) {
		t.Errorf("Redact after Close: %v", err)
	}
}

// testRedactUnderTail redacts what a tail that is behind has still to deliver.
func testRedactUnderTail(t *testing.T, b *bench) {
	s := b.open(t)
	first := storeEach(t, s, numbered("moin", "k", 20)...)
	var got []ircbus.Event
	done := errors.New("done")
	err := s.Tail(t.Context(), 0, func(events []ircbus.Event) error {
		if got == nil { // its hands are full of the first batch only
			redact(t, s, ircbus.Redaction{Target: first[10].ID, By: "moin"})
			redact(t, s, ircbus.Redaction{Target: first[15].ID, By: "moin", Names: []string{"page"}})
			redact(t, s, ircbus.Redaction{Target: first[19].ID, By: "moin"})
		}
		got = append(got, events...)
		if len(got) == 21 {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatal(err)
	}
	var want []ircbus.ID
	for i, r := range first {
		if i != 10 && i != 19 {
			want = append(want, r.ID)
		}
	}
	last := first[19].ID
	same(t, "ids", ids(got), append(want, last+1, last+2, last+3))
	for _, e := range got {
		if e.ID == first[15].ID && e.Fields.Has("page") {
			t.Error("the tail has delivered a redacted field")
		}
	}
}

// testRedactUnderRange redacts what a range has not read yet: it is left out,
// and nothing else is.
func testRedactUnderRange(t *testing.T, b *bench) {
	for _, desc := range []bool{false, true} {
		s := b.open(t)
		receipts := store(t, s, numbered("moin", fmt.Sprint(desc), 3000)...)
		far := receipts[2990].ID
		if desc {
			far = receipts[10].ID
		}
		var got []ircbus.ID
		q := history.Query{After: receipts[0].ID - 1, Until: receipts[2999].ID, Desc: desc}
		err := s.Range(t.Context(), q, func(e *ircbus.Event) error {
			if len(got) == 0 {
				redact(t, s, ircbus.Redaction{Target: far, By: "moin"})
			}
			if e.ID == far {
				t.Errorf("desc %v: the range gives what has been redacted", desc)
			}
			got = append(got, e.ID)
			return nil
		})
		if err != nil || len(got) != 2999 {
			t.Errorf("desc %v: %d events of 2999, %v", desc, len(got), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// testRedactWhileUsed redacts while others publish and read: whoever reads the
// tombstone in the store does not read its target there.
func testRedactWhileUsed(t *testing.T, b *bench) {
	const redactions = 40
	s := b.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := s.Append(ctx, numbered("other", fmt.Sprint(i, "-"), 3)); err != nil && ctx.Err() == nil {
				t.Errorf("Append: %v", err)
			}
		}
	})
	wg.Go(func() {
		for ctx.Err() == nil {
			there := map[ircbus.ID]bool{}
			err := s.Range(ctx, history.Query{Views: []ircbus.View{view(t, "#moin")}}, func(e *ircbus.Event) error {
				if r, ok := e.Redacts(); ok && there[r.Target] {
					t.Errorf("a range has both %d and its tombstone", r.Target)
				}
				there[e.ID] = true
				return nil
			})
			if err != nil && ctx.Err() == nil {
				t.Errorf("Range: %v", err)
			}
		}
	})
	for _, r := range store(t, s, numbered("moin", "k", redactions)...) {
		redact(t, s, ircbus.Redaction{Target: r.ID, By: "moin"})
	}
}
