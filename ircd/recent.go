package ircd

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// recent is the newest events of a feed, as long as people join it: thousands who
// come back at once do not all ask the store. Guarded by Server.mu.
type recent struct {
	events []ircbus.Event // oldest first
	size   int            // of them, in bytes
	whole  bool           // there were none before
	until  time.Time      // then the store is asked again: retention removes without a word
}

// Limits of recent, besides MaxHistory events.
const (
	recentTime = time.Minute
	maxRecent  = 256 << 10 // bytes
)

// add adds an event and forgets the oldest of too many.
func (r *recent) add(e ircbus.Event) {
	r.events = append(r.events, e)
	r.size += len(e.Fields.Encode())
	for len(r.events) > MaxHistory || r.size > maxRecent {
		r.size -= len(r.events[0].Fields.Encode())
		r.events[0] = ircbus.Event{}
		r.events, r.whole = r.events[1:], false
	}
}

// last returns the last n events up to head, the newest first, without the quiet
// ones; false: the store must be asked.
func (f *feed) last(n int, head ircbus.ID, quiet func(*ircbus.Event) bool) (found []ircbus.Event, ok bool) {
	r := f.recent
	if r == nil || time.Now().After(r.until) {
		f.recent = nil
		return nil, false
	}
	for i := len(r.events) - 1; i >= 0 && len(found) < n; i-- {
		if e := &r.events[i]; e.ID <= head && (quiet == nil || !quiet(e)) {
			found = append(found, *e)
		}
	}
	return found, len(found) == n || r.whole
}

// newer returns the events after one; false: the store must be asked.
func (f *feed) newer(after ircbus.ID) ([]ircbus.Event, bool) {
	r := f.recent
	if r == nil || time.Now().After(r.until) || !r.whole && (len(r.events) == 0 || r.events[0].ID > after) {
		return nil, false
	}
	first, _ := slices.BinarySearchFunc(r.events, after+1, func(e ircbus.Event, id ircbus.ID) int { return cmp.Compare(e.ID, id) })
	return slices.Clone(r.events[first:]), true
}

// learn keeps what the store has said are the last events up to head, the newest
// first, when it was asked for so many.
func (f *feed) learn(events []ircbus.Event, asked int, head ircbus.ID) {
	if f.newest > head {
		return // and so they are not any more
	}
	f.recent = &recent{whole: len(events) < asked, until: time.Now().Add(recentTime)}
	for _, e := range slices.Backward(events) {
		f.recent.add(e)
	}
}

// note takes note of an event that is delivered. What it redacts must not be
// shown again.
func (f *feed) note(e *ircbus.Event, redacts bool) {
	f.newest = e.ID
	switch r := f.recent; {
	case r == nil:
	case redacts || time.Now().After(r.until):
		f.recent = nil
	default:
		kept := *e
		kept.Fields = slices.Clone(e.Fields)
		r.add(kept)
	}
}

// newest finds the last n events, the newest first, in what is kept of the feed if
// possible.
func (p *feedPast) newest(ctx context.Context, n int) (found []record, err error) {
	s := p.srv
	s.mu.Lock()
	f := p.of.feed
	events, ok := f.last(n, p.head, p.quiet)
	s.mu.Unlock()
	if !ok && p.head > 0 {
		asked := min(MaxHistory, max(n, s.cfg.Replay.Packed, s.cfg.Replay.Text))
		q := EventQuery{View: p.view, Until: p.head, Limit: asked, Desc: true, Budget: p.budget}
		events, err = p.loud(q, func(q EventQuery) ([]ircbus.Event, error) {
			page, err := s.events(ctx, q)
			if err == nil && q.Until == p.head {
				s.mu.Lock()
				f.learn(page, q.Limit, p.head)
				s.mu.Unlock()
			}
			return page, err
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range events[:min(n, len(events))] {
		found = append(found, record{event: &events[i]})
	}
	return found, nil
}
