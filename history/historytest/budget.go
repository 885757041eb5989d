package historytest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// testRangeBudget reads with small budgets, from where each ended, and must find
// what one Range without a budget finds.
func testRangeBudget(t *testing.T, b *bench) {
	s := b.open(t)
	for i := range 3 {
		store(t, s, numbered("moin", fmt.Sprint(i, "-"), 400)...)
		store(t, s, numbered("other", fmt.Sprint(i, "-"), 10)...)
	}
	for _, name := range []string{"#moin", "#moin?page=P1*", "#moin?page=*nothing", "#other", "#nobody"} {
		for _, desc := range []bool{false, true} {
			q := history.Query{Views: []ircbus.View{view(t, name)}, Desc: desc}
			want := ids(query(t, s, q))
			for _, budget := range []int{400, 10_000, 50_000, 100_000_000} {
				q.Budget = budget
				got, ranges := inSteps(t, s, q)
				same(t, fmt.Sprintf("ids of Range(%+v)", q), got, want)
				if budget == 10_000 && name == "#moin?page=*nothing" && ranges < 4 {
					t.Errorf("Range(%+v) was done after %d steps: it has read more than it may", q, ranges)
				}
				if budget == 100_000_000 && ranges != 1 {
					t.Errorf("Range(%+v) ended before its budget was spent", q)
				}
			}
		}
	}
}

// inSteps repeats a Range until it is finished.
func inSteps(t *testing.T, s Store, q history.Query) (found []ircbus.ID, ranges int) {
	t.Helper()
	found = []ircbus.ID{}
	for {
		ranges++
		err := s.Range(t.Context(), q, func(e *ircbus.Event) error {
			found = append(found, e.ID)
			return nil
		})
		unfinished, ok := errors.AsType[*history.Unfinished](err)
		switch {
		case err == nil:
			return found, ranges
		case !ok:
			t.Fatalf("Range(%+v): %v", q, err)
		case q.Desc && q.Until > 0 && unfinished.Last > q.Until, !q.Desc && unfinished.Last <= q.After:
			t.Fatalf("Range(%+v) ended at %d: it has not moved on", q, unfinished.Last)
		case q.Desc:
			q.Until = unfinished.Last - 1
		default:
			q.After = unfinished.Last
		}
	}
}

// testRangeBrief leaves out fields, and nothing else.
func testRangeBrief(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, numbered("moin", "a", 30)...)
	for _, name := range []string{"#moin", "#moin?page=P1*"} {
		q := history.Query{Views: []ircbus.View{view(t, name)}}
		want := query(t, s, q)
		for i := range want {
			want[i].Fields = nil
		}
		q.Brief = true
		same(t, "brief events of "+name, query(t, s, q), want)
	}
}

// testRangeLend compares the events that are lent, of several Ranges one after
// another, with those that can be kept; one is larger than all others together.
func testRangeLend(t *testing.T, b *bench) {
	s := b.open(t)
	store(t, s, numbered("moin", "a", 1500)...)
	store(t, s, event("moin", "page=large&comment="+strings.Repeat("a+b%26c", 2000)))
	huge := event("moin", "page=huge")
	huge.Fields = append(huge.Fields, ircbus.Field{Key: "text", Value: strings.Repeat("x y", 700_000)})
	store(t, s, huge)
	store(t, s, numbered("moin", "b", 10)...)
	for _, q := range []history.Query{{}, {Desc: true}, {Views: []ircbus.View{view(t, "#moin?page=P1*&page=large&page=huge")}}} {
		want := query(t, s, q)
		q.Lend = true
		same(t, fmt.Sprintf("events of Range(%+v)", q), query(t, s, q), want)
	}
}
