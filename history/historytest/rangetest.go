package historytest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// viewNames are what testRange asks for, in all combinations.
var viewNames = []string{
	"#p0", "#p1", "#P2", "#nobody", "#p0?page=*7", "#p1?page=P1*&page=P2*", "#p3?user=!*bot", "#p4?user=ANNA&page=!P?",
	"#p0?page=p12", "#p0?page=p12&page=P13&user=clean*", "#p0?user=clean*&user=nobody", "#p0?page=absent", "#P0?page=P1?&action=sav*", "#p0?action=save/&user=!Anna",
	"#p0?page=Σ%C3%89*", "#shared?user=A*&page=P?4", "#p2?action=*&page=p", "#p0?action=",
}

// testRange compares answers to random questions with what a walk over all
// events finds.
func testRange(t *testing.T, b *bench) {
	random := rand.New(rand.NewPCG(1, 2))
	s := b.open(t)
	for i := range 150 {
		b.clock.move(time.Duration(random.IntN(4)-1) * 300 * time.Millisecond)
		var batch []ircbus.Event
		for k := range random.IntN(4) + 1 {
			user := []string{"Anna", "CleanBot"}[random.IntN(2)]
			e := event(fmt.Sprint("p", random.IntN(25)*random.IntN(2)), fmt.Sprintf("page=P%d&user=%s%s", i+k, user, []string{"", "&action=SAVE", "&action=SAVE/REVERT&page=σé", "&action=ATTNEW"}[random.IntN(4)]))
			if random.IntN(9) == 0 {
				e.Channel = []string{"#P0", "#shared"}[random.IntN(2)]
			}
			batch = append(batch, e)
		}
		store(t, s, batch...)
	}
	b.clock.move(time.Hour)
	s = b.reopen(t, s)
	if retain(t, s, history.Retention{Channel: "#p3", MaxCount: 1}) == 0 {
		t.Fatal("retention has left no hole to look across")
	}
	stored := all(t, s)
	for range many(3000) {
		q := randomQuery(t, random, stored)
		same(t, fmt.Sprintf("ids of Range(%+v)", q), ids(query(t, s, q)), ids(choose(stored, q)))
	}
	many := history.Query{Limit: 100}
	for i := range 25 {
		many.Views = append(many.Views, view(t, fmt.Sprint("#p", i)))
	}
	same(t, "many views", ids(query(t, s, many)), ids(choose(stored, many)))
	for _, q := range extremes {
		same(t, fmt.Sprintf("ids of Range(%+v)", q), ids(query(t, s, q)), ids(choose(stored, q)))
	}
}

var extremes = []history.Query{
	{After: math.MaxUint64},
	{After: math.MaxInt64},
	{Until: math.MaxUint64},
	{After: math.MaxInt64, Until: math.MaxUint64, Desc: true},
	{From: time.Unix(1, 0)},
	{To: time.Unix(1, 0)},
	{From: time.Date(292277, 1, 1, 0, 0, 0, 0, time.UTC)},
	{To: time.Date(292277, 1, 1, 0, 0, 0, 0, time.UTC)},
	{From: time.Date(-292277, 1, 1, 0, 0, 0, 0, time.UTC)},
	{To: time.Date(-292277, 1, 1, 0, 0, 0, 0, time.UTC)},
	{Limit: math.MaxInt},
	{Limit: -1},
}

func randomQuery(t *testing.T, random *rand.Rand, stored []ircbus.Event) (q history.Query) {
	some := func() ircbus.Event { return stored[random.IntN(len(stored))] }
	if random.IntN(2) == 0 {
		q.After = some().ID
	}
	if random.IntN(3) == 0 {
		q.Until = some().ID
	}
	if random.IntN(3) == 0 {
		q.From = some().At.Add(time.Duration(random.IntN(3)-1) * 500 * time.Nanosecond)
	}
	if random.IntN(3) == 0 {
		q.To = some().At.Add(time.Duration(random.IntN(3)-1) * 500 * time.Nanosecond)
	}
	for random.IntN(2) == 0 {
		q.Views = append(q.Views, view(t, viewNames[random.IntN(len(viewNames))]))
	}
	if random.IntN(2) == 0 {
		q.Limit = random.IntN(40) + 1
	}
	q.Desc = random.IntN(2) == 0
	q.Lend = random.IntN(2) == 0
	return q
}

// choose is what Range must find, done in the plainest way.
func choose(stored []ircbus.Event, q history.Query) (chosen []ircbus.Event) {
	for _, e := range stored {
		inView := len(q.Views) == 0
		for _, v := range q.Views {
			inView = inView || v.Match(&e)
		}
		if inView && e.ID > q.After && (q.Until == 0 || e.ID <= q.Until) &&
			(q.From.IsZero() || !e.At.Before(q.From)) && (q.To.IsZero() || e.At.Before(q.To)) {
			chosen = append(chosen, e)
		}
	}
	if q.Desc {
		slices.Reverse(chosen)
	}
	if q.Limit > 0 && len(chosen) > q.Limit {
		chosen = chosen[:q.Limit]
	}
	return chosen
}

// testRangePages asks for more than any store would read at once.
func testRangePages(t *testing.T, b *bench) {
	s := b.open(t)
	long := make([]byte, 3000)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	for i := range 20 {
		batch := numbered("moin", fmt.Sprint(i, "-"), 200)
		for k := range batch {
			if (i+k)%3 == 0 {
				batch[k].Channel = "#other"
			}
			if i%5 == 0 {
				batch[k].Fields = append(batch[k].Fields, ircbus.Field{Key: "comment", Value: string(long)}).Canonical()
			}
		}
		store(t, s, batch...)
	}
	stored := all(t, s)
	if len(stored) != 4000 {
		t.Fatalf("%d events are stored, want 4000", len(stored))
	}
	for _, views := range [][]string{nil, {"#moin"}, {"#moin", "#other"}, {"#moin?page=P1*"}, {"#moin?page=P1", "#other"}} {
		for _, limit := range []int{0, 1000, 1500, 3999} {
			for _, desc := range []bool{false, true} {
				q := history.Query{Limit: limit, Desc: desc}
				for _, name := range views {
					q.Views = append(q.Views, view(t, name))
				}
				same(t, fmt.Sprintf("ids of Range(%+v)", q), ids(query(t, s, q)), ids(choose(stored, q)))
			}
		}
	}
}

// testRangeSnapshot checks that a Range does not see what comes while it runs.
func testRangeSnapshot(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, numbered("moin", "a", 1500)...)
	seen := 0
	err := s.Range(t.Context(), history.Query{}, func(*ircbus.Event) error {
		if seen++; seen == 1 {
			store(t, s, numbered("moin", "b", 100)...)
		}
		return nil
	})
	if err != nil || seen != 1500 {
		t.Errorf("Range saw %d events of 1500, %v", seen, err)
	}
}

func testEvent(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, numbered("moin", "a", 3)...)
	for _, want := range all(t, s) {
		got, err := s.Event(t.Context(), want.ID)
		if err != nil {
			t.Fatalf("Event(%d): %v", want.ID, err)
		}
		same(t, "event", got, want)
	}
	for _, id := range []ircbus.ID{0, bounds(t, s).Head + 1, math.MaxInt64, math.MaxUint64} {
		if _, err := s.Event(t.Context(), id); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Event(%d): %v", id, err)
		}
	}
}

func testBounds(t *testing.T, b *bench) {
	s := b.open(t)
	empty := bounds(t, s)
	if empty.Epoch == "" || empty.Head != 0 || empty.Oldest != 1 || empty.Removed != 0 || !empty.RemovedAt.IsZero() {
		t.Errorf("an empty log has the bounds %+v", empty)
	}
	if got := all(t, s); len(got) != 0 {
		t.Errorf("an empty log has the events %v", got)
	}
	receipts := store(t, s, numbered("moin", "a", 3)...)
	want := history.Bounds{Epoch: empty.Epoch, Head: receipts[2].ID, Oldest: receipts[0].ID}
	same(t, "bounds", bounds(t, s), want)
	same(t, "bounds of an unknown channel", bounds(t, s, "#nobody"), want)
	s = b.reopen(t, s)
	same(t, "bounds after a restart", bounds(t, s), want)
}
