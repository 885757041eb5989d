// Package historytest is the conformance suite of the bus's stores: every
// implementation of history.Log and history.Index must pass Run.
package historytest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Store is what a store offers besides the two interfaces.
type Store interface {
	history.Log
	history.Index

	// Retain removes what the rules do not keep.
	Retain(ctx context.Context, rules []history.Retention) (removed int, err error)
	// Writable returns nil, or why the last write failed; it recovers by itself.
	Writable() error
	// Close stores what was queued and ends everything else with ErrClosed.
	Close() error
}

// Harness is how the suite gets at the store that it checks.
type Harness struct {
	// Open opens the store, empty at first and later with what was stored before.
	// It must use the clock.
	Open func(now func() time.Time) (Store, error)

	// Failures are ways to make every larger write to an open store fail, until
	// mend is called.
	Failures map[string]func(t *testing.T, s Store) (mend func())
}

// patience is how long a condition may take on a busy machine.
const patience = 5 * time.Minute

// many is n, or a tenth of it with -short, as under the race detector.
func many(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// Run checks the store that start makes anew for every test.
func Run(t *testing.T, start func(t *testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"Order", testOrder},
		{"Time", testTime},
		{"Clock", testClock},
		{"Refused", testRefused},
		{"Atomic", testAtomic},
		{"Duplicates", testDuplicates},
		{"DuplicatesAtOnce", testDuplicatesAtOnce},
		{"Tail", testTail},
		{"TailMiddle", testTailMiddle},
		{"TailEnds", testTailEnds},
		{"Cancel", testCancel},
		{"Close", testClose},
		{"Range", testRange},
		{"RangePages", testRangePages},
		{"RangeSnapshot", testRangeSnapshot},
		{"RangeBudget", testRangeBudget},
		{"RangeBrief", testRangeBrief},
		{"RangeLend", testRangeLend},
		{"Event", testEvent},
		{"Bounds", testBounds},
		{"RetainAge", testRetainAge},
		{"RetainCount", testRetainCount},
		{"RetainAll", testRetainAll},
		{"RetainWhileUsed", testRetainWhileUsed},
		{"RetainUnderRange", testRetainUnderRange},
		{"RetainBeforeRange", testRetainBeforeRange},
		{"RetainUnderTail", testRetainUnderTail},
		{"Redact", testRedact},
		{"RedactFields", testRedactFields},
		{"RedactRefused", testRedactRefused},
		{"RedactUnderTail", testRedactUnderTail},
		{"RedactUnderRange", testRedactUnderRange},
		{"RedactWhileUsed", testRedactWhileUsed},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, newBench(start(t)))
		})
	}
	t.Run("Failure", func(t *testing.T) {
		for name := range start(t).Failures {
			t.Run(name, func(t *testing.T) {
				h := start(t)
				Failure(t, h, h.Failures[name])
			})
		}
	})
}

// bench is one test's store and clock.
type bench struct {
	Harness
	clock clock
}

func newBench(h Harness) *bench {
	b := &bench{Harness: h}
	b.clock.set(time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC))
	return b
}

// open opens the store; the test's end closes it if the test has not.
func (b *bench) open(t *testing.T) Store {
	t.Helper()
	s, err := b.Open(b.clock.now)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (b *bench) reopen(t *testing.T, s Store) Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return b.open(t)
}

// event makes an event of a publisher from a query string.
func event(publisher, body string) ircbus.Event {
	fields, err := ircbus.Parse(body)
	if err == nil {
		fields, err = ircbus.Accept(fields, 0)
	}
	if err != nil {
		panic(err)
	}
	return ircbus.Event{Channel: "#" + publisher, Publisher: publisher, Fields: fields}
}

// numbered makes n events of a publisher with keys from 1 to n after a prefix.
func numbered(publisher, prefix string, n int) []ircbus.Event {
	batch := make([]ircbus.Event, n)
	for i := range batch {
		batch[i] = event(publisher, fmt.Sprintf("page=P%d&key=%s%d", i+1, prefix, i+1))
	}
	return batch
}

func store(t *testing.T, s Store, batch ...ircbus.Event) []ircbus.Receipt {
	t.Helper()
	receipts, err := s.Append(t.Context(), batch)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	if len(receipts) != len(batch) {
		t.Fatalf("Append gave %d receipts for %d events", len(receipts), len(batch))
	}
	return receipts
}

// storeEach stores events in batches of one.
func storeEach(t *testing.T, s Store, events ...ircbus.Event) (receipts []ircbus.Receipt) {
	t.Helper()
	for _, e := range events {
		receipts = append(receipts, store(t, s, e)...)
	}
	return receipts
}

// query returns what Range gives.
func query(t *testing.T, s Store, q history.Query) (events []ircbus.Event) {
	t.Helper()
	err := s.Range(t.Context(), q, func(e *ircbus.Event) error {
		if q.Lend {
			e = clone(e)
		}
		events = append(events, *e)
		return nil
	})
	if err != nil {
		t.Fatalf("Range(%+v): %v", q, err)
	}
	return events
}

// clone copies a lent event, its strings too.
func clone(e *ircbus.Event) *ircbus.Event {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	for i, f := range c.Fields {
		c.Fields[i] = ircbus.Field{Key: strings.Clone(f.Key), Value: strings.Clone(f.Value)}
	}
	return &c
}

func all(t *testing.T, s Store) []ircbus.Event {
	t.Helper()
	return query(t, s, history.Query{})
}

func bounds(t *testing.T, s Store, channels ...string) history.Bounds {
	t.Helper()
	b, err := s.Bounds(t.Context(), channels...)
	if err != nil {
		t.Fatalf("Bounds: %v", err)
	}
	return b
}

func retain(t *testing.T, s Store, rules ...history.Retention) int {
	t.Helper()
	removed, err := s.Retain(t.Context(), rules)
	if err != nil {
		t.Fatalf("Retain: %v", err)
	}
	return removed
}

func view(t *testing.T, name string) ircbus.View {
	t.Helper()
	v, err := ircbus.ParseView(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// same fails the test if got is not want.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		if len(diff) > 3000 {
			diff = diff[:3000] + "…"
		}
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func ids(events []ircbus.Event) []ircbus.ID {
	list := make([]ircbus.ID, len(events))
	for i, e := range events {
		list[i] = e.ID
	}
	return list
}

// values joins one field of all events.
func values(events []ircbus.Event, key string) string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.Fields.Get(key)
	}
	return strings.Join(list, " ")
}

// eventually waits for a condition that nothing announces.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still not so after %v: %s", patience, what)
		}
	}
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(patience):
		t.Fatalf("still waiting after %v: %s", patience, what)
	}
	return value
}
