package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// retainStep is how many events one transaction of Retain removes, so that
// publishing waits no longer than for one of its own commits. They are of at most
// so many channels.
const (
	retainStep     = 1000
	retainChannels = 100
)

// tellBehind is how often Retain says how much is left for it to do.
const tellBehind = time.Minute

// Retain removes what the rules do not keep and returns how many events that
// was. A channel's own rules replace those for all channels; of several, the
// strictest counts. Keys stay known. The file does not shrink: what becomes free
// in it is used again. It ends between two steps when ctx does.
func (s *Store) Retain(ctx context.Context, rules []Retention) (removed int, err error) {
	s.retaining.Lock()
	defer s.retaining.Unlock()
	excess, err := s.excess(ctx, rules)
	if err != nil {
		return 0, err
	}
	defer s.excessive.Store(0)
	told := time.Now()
	for len(excess) > 0 {
		n, err := s.removeSome(ctx, &excess)
		removed += n
		if err != nil {
			return removed, err
		}
		left := s.excessive.Add(-int64(n))
		if time.Since(told) > tellBehind {
			told = time.Now()
			s.log.Warn("retention is behind", "events", left, "removed", removed)
		}
	}
	return removed, s.ended(ctx)
}

// excess is what rules do not keep of the channel with this number: its events up
// to the id last, about so many.
type excess struct{ channel, last, count int64 }

// excess finds what is to be removed. It costs as much as what is new and what is to be
// removed, not as what is kept.
func (s *Store) excess(ctx context.Context, rules []Retention) (found []excess, err error) {
	if err := s.ended(ctx); err != nil {
		return nil, err
	}
	own := map[string][]Retention{}
	for _, rule := range rules {
		name := ircbus.Fold(rule.Channel)
		own[name] = append(own[name], rule)
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if slices.ContainsFunc(rules, func(r Retention) bool { return r.MaxCount > 0 }) {
			if err := s.tally.read(ctx, tx); err != nil {
				return err
			}
		}
		cutter := cutter{ctx: ctx, store: s, tx: tx, byAge: map[time.Duration]int64{}}
		for name, spellings := range s.channels.groups() {
			channelRules, ok := own[name]
			if !ok {
				channelRules = own[""]
			}
			cut, err := cutter.cut(spellings, channelRules)
			if err == nil && cut > 0 {
				found, err = cutter.split(found, spellings, cut)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	total := int64(0)
	for _, e := range found {
		total += e.count
	}
	s.excessive.Store(total)
	return found, err
}

// cutter finds out where rules cut channels off.
type cutter struct {
	ctx   context.Context
	store *Store
	tx    *sql.Tx
	byAge map[time.Duration]int64 // the last id that is too old
}

// cut returns the newest id that rules do not keep of a channel's spellings, 0 if
// there is none.
func (c *cutter) cut(spellings []int64, rules []Retention) (cut int64, err error) {
	for _, rule := range rules {
		if rule.MaxAge > 0 {
			tooOld, err := c.tooOld(rule.MaxAge)
			if err != nil {
				return 0, err
			}
			cut = max(cut, tooOld)
		}
		if rule.MaxCount > 0 {
			tooMany, err := c.tooMany(spellings, rule.MaxCount)
			if err != nil {
				return 0, err
			}
			cut = max(cut, tooMany)
		}
	}
	return cut, nil
}

func (c *cutter) tooOld(age time.Duration) (int64, error) {
	if last, ok := c.byAge[age]; ok {
		return last, nil
	}
	p := new(plan)
	if err := p.bound(c.tx, history.Query{To: c.store.now().Add(-age)}); err != nil {
		return 0, err
	}
	c.byAge[age] = int64(p.last)
	return int64(p.last), nil
}

// tooMany reads as many ids as there are too many.
func (c *cutter) tooMany(spellings []int64, keep int) (last int64, err error) {
	excess := -int64(keep)
	for _, id := range spellings {
		excess += c.store.tally.of(id)
	}
	if excess <= 0 {
		return 0, nil
	}
	query := "SELECT id FROM events WHERE channel IN (?" + strings.Repeat(", ?", len(spellings)-1) + ") ORDER BY id LIMIT 1 OFFSET ?"
	args := make([]any, 0, len(spellings)+1)
	for _, id := range spellings {
		args = append(args, id)
	}
	err = c.tx.QueryRowContext(c.ctx, query, append(args, excess-1)...).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return last, err
}

// split adds what is to be removed of each spelling.
func (c *cutter) split(to []excess, spellings []int64, cut int64) ([]excess, error) {
	for _, id := range spellings {
		e := excess{channel: id, last: cut}
		if err := c.tx.QueryRowContext(c.ctx, "SELECT count(*) FROM events WHERE channel = ? AND id <= ?", id, cut).Scan(&e.count); err != nil {
			return to, err
		}
		if e.count > 0 {
			to = append(to, e)
		}
	}
	return to, nil
}

// removal is what one step has removed from one channel.
type removal struct {
	channel, last int64
	count         int
}

// removeSome removes one step's events, the oldest of each channel first, and takes
// what is done with from all.
func (s *Store) removeSome(ctx context.Context, all *[]excess) (removed int, err error) {
	var done []removal
	var touched map[int64]int
	err = s.onWriter(ctx, func(w *writer) error {
		done, touched = nil, map[int64]int{}
		err := w.transaction(func() error {
			for left := retainStep; left > 0 && len(done) < min(len(*all), retainChannels); {
				r, err := w.remove((*all)[len(done)], left, touched)
				if err != nil {
					return err
				}
				done = append(done, r)
				left -= r.count
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range done {
			if removed += r.count; r.count > 0 {
				s.live.remove(s.channels.text(r.channel), ircbus.ID(r.last))
				s.tally.add(r.channel, -int64(r.count))
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if s.terms != nil {
		s.terms.expire(touched)
	}
	for len(done) > 0 && done[0].last >= (*all)[0].last {
		done, *all = done[1:], (*all)[1:]
	}
	return removed, nil
}

// remove removes up to n events of a channel, and counts in touched how many that
// were in each segment of the index. Its last is that of e if none are left.
func (w *writer) remove(e excess, n int, touched map[int64]int) (removal, error) {
	r := removal{channel: e.channel, last: e.last}
	var id int64
	small := int64(smallSegment)
	if t := w.store.terms; t != nil {
		small = t.small
	}
	newest := int64(0)
	err := w.db.rows("SELECT id FROM events WHERE channel = ? AND id <= ? ORDER BY id LIMIT ?", []any{e.channel, e.last, int64(n)}, func() error {
		touched[id-id%small]++
		newest = id
		r.count++
		return nil
	}, &id)
	if err != nil || r.count == 0 {
		return r, err
	}
	if r.count == n {
		r.last = newest
	}
	var at int64
	if err := w.db.row("SELECT at FROM events WHERE id = ?", []any{newest}, &at); err != nil {
		return r, err
	}
	if _, err := w.db.exec("DELETE FROM events WHERE channel = ? AND id <= ?", e.channel, newest); err != nil {
		return r, err
	}
	_, err = w.db.exec("UPDATE channels SET removed = ?, removed_at = ? WHERE id = ?", newest, at, e.channel)
	return r, err
}

// onWriter runs fn with the writer, between two commits.
func (s *Store) onWriter(ctx context.Context, fn func(*writer) error) error {
	if err := s.ended(ctx); err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.ended(ctx); err != nil { // while we waited
		return err
	}
	return fn(s.writer)
}
