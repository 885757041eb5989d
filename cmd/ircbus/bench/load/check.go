package load

import (
	"fmt"
	"math"
)

// Plan says which lines a member is to receive. With Views filtered views, the
// view v lacks every line whose number is v modulo Views, or if Narrow has only
// those. Without views everybody gets everything.
type Plan struct {
	Publishers int
	Views      int
	Narrow     bool
}

// wants reports whether a view gets a line.
func (p Plan) wants(view int, seq uint32) bool {
	return p.Views == 0 || (seq%uint32(p.Views) == uint32(view)) == p.Narrow
}

// from returns the first number from seq on that a view gets.
func (p Plan) from(view int, seq uint32) uint32 {
	for !p.wants(view, seq) {
		seq++
	}
	return seq
}

// Check follows what some members receive: every line of their view once, and
// each publisher's in order. One goroutine owns it.
type Check struct {
	plan    Plan
	views   []int    // by member
	next    []uint32 // by member and publisher: the number that must come
	reached []uint32 // by member: numbers passed, over all publishers
	missing map[place]struct{}
	Faults
}

// place is one line that one member did not get in its turn.
type place struct {
	member, publisher int
	seq               uint32
}

// maxMissing bounds what is remembered of lines that are missing, in order to
// tell a late line from a doubled one.
const maxMissing = 10_000

// Faults are what was wrong with what the members received.
type Faults struct {
	Missing, Doubled, Disordered, Unwanted uint64
	First                                  string // the first of them, in a sentence
}

// NewCheck returns a check of members; views has the view of each.
func NewCheck(plan Plan, views []int) *Check {
	c := &Check{
		plan: plan, views: views,
		next:    make([]uint32, len(views)*plan.Publishers),
		reached: make([]uint32, len(views)),
		missing: make(map[place]struct{}),
	}
	for m, view := range views {
		for p := range plan.Publishers {
			first := plan.from(view, 0)
			c.next[m*plan.Publishers+p] = first
			c.reached[m] += first
		}
	}
	return c
}

// See takes note of a line that a member has received.
func (c *Check) See(member int, s Stamp) {
	if s.Publisher >= c.plan.Publishers {
		c.fault(&c.Unwanted, member, s, "which no publisher of this run sent")
		return
	}
	next := &c.next[member*c.plan.Publishers+s.Publisher]
	if s.Seq != *next && !c.amiss(member, s, *next) {
		return
	}
	after := s.Seq + 1
	if c.plan.Views > 0 {
		after = c.plan.from(c.views[member], after)
	}
	c.reached[member] += after - *next
	*next = after
}

// amiss takes note of a line that came when the line next was to come. It
// reports whether what follows is counted from it.
func (c *Check) amiss(member int, s Stamp, next uint32) (forward bool) {
	view, at := c.views[member], place{member, s.Publisher, s.Seq}
	switch _, late := c.missing[at]; {
	case !c.plan.wants(view, s.Seq):
		c.fault(&c.Unwanted, member, s, "which its filter leaves out")
	case s.Seq > next:
		c.fault(&c.Missing, member, s, fmt.Sprintf("when %d was to come", next))
		c.Missing--
		for seq := next; seq < s.Seq; seq = c.plan.from(view, seq+1) {
			c.Missing++
			if len(c.missing) < maxMissing {
				c.missing[place{member, s.Publisher, seq}] = struct{}{}
			}
		}
		return true
	case late:
		delete(c.missing, at)
		c.Missing--
		c.fault(&c.Disordered, member, s, fmt.Sprintf("too late, when %d was to come", next))
	default:
		c.fault(&c.Doubled, member, s, fmt.Sprintf("a second time, when %d was to come", next))
	}
	return false
}

func (c *Check) fault(count *uint64, member int, s Stamp, why string) {
	*count++
	if c.First == "" {
		c.First = fmt.Sprintf("member %d got line %d of publisher %d, %s", member, s.Seq, s.Publisher, why)
	}
}

// slowest is how many numbers the slowest of the members that count has passed.
func (c *Check) slowest(counts []bool) uint32 {
	least := uint32(math.MaxUint32)
	for m, reached := range c.reached {
		if counts[m] {
			least = min(least, reached)
		}
	}
	return least
}

// Lacking returns how many lines a member has still to get when each publisher
// has sent the given number, lines 0 and up.
func (c *Check) Lacking(member int, sent []uint32) (n uint64) {
	for p, until := range sent {
		view := c.views[member]
		for seq := c.next[member*c.plan.Publishers+p]; seq < until; seq = c.plan.from(view, seq+1) {
			n++
		}
	}
	return n
}

// Add adds the faults of another check.
func (f *Faults) Add(o Faults) {
	f.Missing += o.Missing
	f.Doubled += o.Doubled
	f.Disordered += o.Disordered
	f.Unwanted += o.Unwanted
	if f.First == "" {
		f.First = o.First
	}
}

// Err is the faults as an error, nil if there are none.
func (f *Faults) Err() error {
	if f.Missing+f.Doubled+f.Disordered+f.Unwanted == 0 {
		return nil
	}
	return fmt.Errorf("%d lines were missing, %d came twice, %d out of order, %d to the wrong member: first, %s",
		f.Missing, f.Doubled, f.Disordered, f.Unwanted, f.First)
}
