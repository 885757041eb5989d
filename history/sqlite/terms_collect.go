package sqlite

import (
	"cmp"
	"container/heap"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// posting is one term of one event.
type posting struct {
	channel int64
	field   int
	value   string
	offset  int64 // of the event's id in the segment
}

// postings are in the order of their terms, and of the events of each.
type postings []posting

func (p posting) compare(q posting) int {
	return cmp.Or(p.compareTerm(q), cmp.Compare(p.offset, q.offset))
}

func (p posting) compareTerm(q posting) int {
	return cmp.Or(cmp.Compare(p.channel, q.channel), cmp.Compare(p.field, q.field), strings.Compare(p.value, q.value))
}

// collected are the postings of a segment, a part of its events after another, and
// a heap of the parts by their first ones.
type collected []postings

func (c collected) Len() int           { return len(c) }
func (c collected) Less(i, j int) bool { return c[i][0].compare(c[j][0]) < 0 }
func (c collected) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }

// Push and Pop are heap.Interface's; nothing is pushed.
func (c *collected) Push(any) {}
func (c *collected) Pop() any {
	last := len(*c) - 1
	*c = (*c)[:last]
	return nil
}

// next takes the first posting of all.
func (c *collected) next() posting {
	first := (*c)[0][0]
	if (*c)[0] = (*c)[0][1:]; len((*c)[0]) > 0 {
		heap.Fix(c, 0)
	} else {
		heap.Pop(c)
	}
	return first
}

// collect returns the postings of a segment.
func (t *terms) collect(g segment) (all collected, c covered, err error) {
	r := newRows(true)
	defer r.release()
	p := &plan{first: ircbus.ID(g.first), last: ircbus.ID(g.last())}
	for !p.done() {
		var some postings
		err := t.store.snapshot(context.Background(), func(tx *sql.Tx) error {
			events, err := t.store.readPage(tx, p, r)
			for i := range events {
				if _, ok := events[i].Redacts(); ok {
					c.tombstones = true
				}
				channel := t.store.channels.number(events[i].Channel)
				eachTerm(events[i].Fields, func(field int, value string) {
					some = append(some, posting{channel, field, strings.Clone(value), int64(events[i].ID) - g.first})
				})
			}
			return err
		})
		if err == nil {
			err = t.rest()
		}
		if err != nil {
			return nil, c, err
		}
		if len(some) > 0 {
			slices.SortFunc(some, posting.compare)
			all = append(all, some)
		}
	}
	heap.Init(&all)
	return all, c, t.store.ended(context.Background())
}
