package ircd

import (
	"context"
	"errors"
	"fmt"

	"github.com/ircbus/ircbus"
)

// seenPlaces is up to where people have seen the channels that they have left, so
// that what they are shown when they come back neither repeats nor hides anything.
// Guarded by Server.mu.
type seenPlaces map[seenKey]uint64 // ids of events, and in people's channels of messages

// seenKey is who has seen which channel or view: an account, or a nick together
// with the network that it came from.
type seenKey struct {
	account lcNick
	nick    lcNick
	network ircbus.Network
	name    lcChan
}

// Limits of places.
const (
	maxSeen    = 1 << 15 // over all people; with more, some are forgotten
	maxCounted = 1000    // lines that are counted of those that are not shown
)

func (c *client) seenKey(name string) seenKey {
	if c.account != "" {
		return seenKey{account: foldNick(c.account), name: foldChan(name)}
	}
	return seenKey{nick: foldNick(c.nick), network: ircbus.NetworkOf(c.conn.from.Counted), name: foldChan(name)}
}

// noteSeen remembers that the client has seen a channel up to there.
func (c *client) noteSeen(name string, id uint64) {
	if !c.registered || id == 0 {
		return
	}
	seen, key := c.srv.seen, c.seenKey(name)
	if id < seen[key] {
		return // another connection of the account has seen more
	}
	for old := range seen {
		if len(seen) < maxSeen {
			break
		}
		delete(seen, old)
	}
	seen[key] = id
}

// noteSeenView is noteSeen for a view that the client leaves: what has not been
// written yet it has not seen.
func (c *client) noteSeenView(v *viewing) {
	seen := ircbus.ID(c.srv.head.Load())
	if first := v.place.stream.firstUnwritten(v.place); first > 0 {
		seen = first - 1
	}
	c.noteSeen(v.name, uint64(seen))
}

// noteSeenChannel is noteSeen for a channel of people.
func (c *client) noteSeenChannel(ch *channel) {
	if s := c.srv; s.cfg.Chat != nil && s.cfg.KeepChannels {
		c.noteSeen(ch.name, s.cfg.Chat.Last())
	}
}

// resumption is the replay for a client that has seen the channel before.
type resumption struct {
	seen uint64 // up to there
	left int    // lines after that which are not shown
	more bool   // left is only some of them
}

// id is the record's place in the order of events or of messages.
func (r *record) id() uint64 {
	if r.event != nil {
		return uint64(r.event.ID)
	}
	return r.message.ID
}

// cut drops of the last n lines, found, what has been seen, and counts what lies
// before them.
func (r *resumption) cut(ctx context.Context, p past, found []record, n int) ([]record, error) {
	until := uint64(0) // of what is not shown
	kept := found[:0]
	for _, one := range found {
		if one.id() > r.seen {
			kept = append(kept, one)
		}
	}
	if len(kept) < len(found) || len(found) < n {
		return kept, nil
	}
	if len(kept) > 0 {
		until = kept[0].id() - 1
	}
	var err error
	r.left, err = p.count(ctx, r.seen, until)
	r.more = r.left >= maxCounted
	if errors.Is(err, ErrUnfinished) {
		r.more, err = true, nil
	}
	return kept, err
}

// count implements past.
func (p *feedPast) count(ctx context.Context, after, until uint64) (n int, err error) {
	last := p.head
	if until > 0 {
		last = ircbus.ID(until)
	}
	if ircbus.ID(after) >= last {
		return 0, nil
	}
	events, known := p.recentSince(ircbus.ID(after))
	if !known {
		events, err = p.srv.events(ctx, EventQuery{View: p.view, After: ircbus.ID(after), Until: last, Limit: maxCounted, Budget: p.budget})
	}
	for i := range events {
		e := &events[i]
		if e.ID > ircbus.ID(after) && e.ID <= last && p.view.Match(e) && (p.quiet == nil || !p.quiet(e)) {
			n++
		}
	}
	return n, err
}

// recentSince is all events of the feed after one, if they are still kept here.
func (p *feedPast) recentSince(after ircbus.ID) ([]ircbus.Event, bool) {
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	return p.of.feed.newer(after)
}

// count implements past.
func (p *chatPast) count(ctx context.Context, after, until uint64) (n int, err error) {
	if p.chat == nil {
		return 0, nil
	}
	q := p.query
	q.Limit, q.Desc = maxCounted, true
	err = p.chat.Messages(ctx, q, func(m *ircbus.Message) error {
		if m.ID > after && (until == 0 || m.ID <= until) {
			n++
		}
		return nil
	})
	return n, err
}

// noteLeftOut tells the client what it is not shown, and how to get it.
func (c *client) noteLeftOut(name string, p past, r *resumption) {
	if r.left == 0 {
		return
	}
	count := itoa(r.left)
	if r.more {
		count += " or more"
	}
	text := fmt.Sprintf("%s lines that came since you were here last are left out", count)
	switch p := p.(type) {
	case *feedPast:
		q := &inquiry{after: ircbus.ID(r.seen)}
		text += fmt.Sprintf(": /msg %s GETMESSAGES_SINCE_ENTRY %d", p.of.feed.publishers[0].name, r.seen)
		if address := c.srv.address(q, p.view); address != "" {
			text += ", or " + address
		}
	default:
		text += ": a client that knows CHATHISTORY can ask for them"
	}
	c.tell(name, text)
}
