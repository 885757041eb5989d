package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Range implements history.Index. It reads page after page up to the head that
// it found at first: events never change, so this is the log at one moment.
func (s *Store) Range(ctx context.Context, q history.Query, fn func(*ircbus.Event) error) error {
	if err := s.ended(ctx); err != nil {
		return err
	}
	p := &plan{desc: q.Desc, limit: max(q.Limit, 0), limited: q.Budget > 0, budget: q.Budget, brief: q.Brief}
	if !s.choose(p, q.Views) {
		return nil
	}
	r := newRows(q.Lend)
	defer func() { r.release() }()
	events, err := s.rangePage(ctx, p, r, q, false)
	for {
		if err != nil {
			return err
		}
		var next *ahead
		if !p.done() && !p.spent() {
			next = s.readAhead(ctx, p, q)
		}
		if err := s.hand(ctx, events, fn); err != nil {
			next.drop()
			return err
		}
		switch {
		case next != nil:
			r.release()
			r, events, err = next.wait()
		case !p.done():
			return &history.Unfinished{Last: p.position()}
		default:
			return nil
		}
	}
}

// hand gives a page to fn.
func (s *Store) hand(ctx context.Context, events []ircbus.Event, fn func(*ircbus.Event) error) error {
	for i := range events {
		if err := s.ended(ctx); err != nil {
			return err
		}
		if err := fn(&events[i]); err != nil {
			return err
		}
	}
	return s.ended(ctx)
}

// ahead is the next page of a Range, which is read while the one before is
// handed on.
type ahead struct {
	rows   *rows
	events []ircbus.Event
	err    error
	read   chan struct{} // closed when it has been; nil until somebody reads
	fetch  func(*ahead)
}

// readAhead begins to read the plan's next page. Of a search, which may find
// nothing and must leave processors to others, it is read when it is asked for.
func (s *Store) readAhead(ctx context.Context, p *plan, q history.Query) *ahead {
	a := &ahead{rows: newRows(q.Lend)}
	a.fetch = func(a *ahead) { a.events, a.err = s.rangePage(ctx, p, a.rows, q, true) }
	if p.match == nil {
		a.read = make(chan struct{})
		go func() {
			defer close(a.read)
			a.fetch(a)
		}()
	}
	return a
}

func (a *ahead) wait() (*rows, []ircbus.Event, error) {
	if a.read != nil {
		<-a.read
	} else {
		a.fetch(a)
	}
	return a.rows, a.events, a.err
}

// drop is wait for a page that nobody wants any more. A nil ahead has none.
func (a *ahead) drop() {
	if a == nil {
		return
	}
	if a.read != nil {
		<-a.read
	}
	a.rows.release()
}

// rangePage reads the first or a later page of a Range.
func (s *Store) rangePage(ctx context.Context, p *plan, r *rows, q history.Query, begun bool) (events []ircbus.Event, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		if begun {
			err = checkRemoved(tx, p)
		} else {
			err = p.bound(tx, q)
		}
		if err == nil {
			events, err = s.readPage(tx, p, r)
		}
		if err == nil && !begun && !p.done() && !p.desc { // what the next pages compare with
			p.removed, err = removals(tx, p.channels)
		}
		return err
	})
	return events, err
}

// choose sets which events the plan wants. It returns false if none can be in
// the views.
func (s *Store) choose(p *plan, views []ircbus.View) bool {
	if len(views) == 0 {
		return true
	}
	filtered := false
	for _, v := range views {
		p.channels = append(p.channels, s.channels.folded(v.Channel)...)
		filtered = filtered || len(v.String()) > len(v.Channel)
	}
	slices.Sort(p.channels)
	p.channels = slices.Compact(p.channels)
	if filtered || len(p.channels) > maxMerged {
		p.match = ircbus.NewMatcher(views)
		p.wanted = s.want(views)
	}
	return len(p.channels) > 0
}

// bound sets the plan's ids, with times resolved to ids.
func (p *plan) bound(tx *sql.Tx, q history.Query) error {
	var oldest, head int64
	if err := tx.QueryRow("SELECT (SELECT ifnull(min(id), head + 1) FROM events), head FROM log").Scan(&oldest, &head); err != nil {
		return err
	}
	first, last := oldest, head
	if after := clampID(q.After); after >= first {
		if after >= last {
			p.end()
			return nil
		}
		first = after + 1
	}
	if q.Until > 0 {
		last = min(last, clampID(q.Until))
	}
	if !q.From.IsZero() {
		from, err := firstAt(tx, q.From, oldest, head)
		if err != nil {
			return err
		}
		first = max(first, from)
	}
	if !q.To.IsZero() {
		to, err := firstAt(tx, q.To, oldest, head)
		if err != nil {
			return err
		}
		last = min(last, to-1)
	}
	p.first, p.last = ircbus.ID(first), ircbus.ID(max(last, 0))
	return nil
}

// firstAt returns the id of the first event that was accepted at t or later, or
// an id between it and the event before; head+1 if there is none. It needs no
// index of times: they never decrease with ids.
func firstAt(tx *sql.Tx, t time.Time, oldest, head int64) (int64, error) {
	limit := microseconds(t)
	low, high := oldest, head+1
	for low < high {
		middle := low + (high-low)/2
		var id, at int64
		err := tx.QueryRow("SELECT id, at FROM events WHERE id >= ? ORDER BY id LIMIT 1", middle).Scan(&id, &at)
		switch {
		case err == sql.ErrNoRows:
			high = middle
		case err != nil:
			return 0, err
		case at >= limit:
			high = middle
		default:
			low = id + 1
		}
	}
	return low, nil
}

// microseconds returns the first whole microsecond that is not before t.
func microseconds(t time.Time) int64 {
	switch year := t.Year(); {
	case year > 9999:
		return math.MaxInt64
	case year < 1:
		return math.MinInt64
	}
	return t.Add(time.Microsecond - 1).UnixMicro()
}

// checkRemoved ends an ascending Range if retention has, since the Range began,
// removed what would have come next.
func checkRemoved(tx *sql.Tx, p *plan) error {
	if p.desc {
		return nil
	}
	now, err := removals(tx, p.channels)
	for channel, removed := range now {
		if removed > p.removed[channel] && ircbus.ID(removed) >= p.first {
			return history.ErrRemoved
		}
	}
	return err
}
