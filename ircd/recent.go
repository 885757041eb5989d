package ircd

import (
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

// last returns the last n events up to head; false: the store must be asked.
func (f *feed) last(n int, head ircbus.ID) (found []ircbus.Event, ok bool) {
	r := f.recent
	if r == nil || time.Now().After(r.until) {
		f.recent = nil
		return nil, false
	}
	end := len(r.events)
	for end > 0 && r.events[end-1].ID > head {
		end--
	}
	if end < n && !r.whole {
		return nil, false
	}
	return slices.Clone(r.events[max(0, end-n):end]), true
}

// learn keeps what the store has said are the last events up to head, when it was
// asked for so many.
func (f *feed) learn(events []ircbus.Event, asked int, head ircbus.ID) {
	if f.newest > head {
		return // and so they are not any more
	}
	f.recent = &recent{whole: len(events) < asked, until: time.Now().Add(recentTime)}
	for _, e := range events {
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
	events, ok := f.last(n, p.head)
	s.mu.Unlock()
	if !ok && p.head > 0 {
		asked := min(MaxHistory, max(n, s.cfg.Replay.Packed, s.cfg.Replay.Text))
		if events, err = s.events(ctx, EventQuery{View: p.view, Until: p.head, Limit: asked, Desc: true, Budget: p.budget}); err != nil {
			return nil, err
		}
		slices.Reverse(events)
		s.mu.Lock()
		f.learn(events, asked, p.head)
		s.mu.Unlock()
	}
	for i := len(events) - 1; i >= max(0, len(events)-n); i-- {
		found = append(found, record{event: &events[i]})
	}
	return found, nil
}
