package ircd

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// past is what was said before in one channel, view or conversation.
type past interface {
	// page reads a part of it, in the order that the span says. It needs no lock.
	page(context.Context, span) ([]record, error)
	// count is how many there are after an id up to another, 0 for all; at most
	// maxCounted of them. It needs no lock.
	count(ctx context.Context, after, until uint64) (int, error)
}

// span is a part of the past. Nil does not restrict.
type span struct {
	after, before *reference // neither of them included
	through       bool       // before is included
	limit         int
	desc          bool // the newest first
}

// record is one thing of the past: either an event or a message.
type record struct {
	event   *ircbus.Event
	message *ircbus.Message
}

// at is when it happened.
func (r *record) at() time.Time {
	if r.event != nil {
		return r.event.At
	}
	return r.message.At
}

// errNoMessage is about a msgid that is not there.
var errNoMessage = errors.New("there is no such message, or it is no longer kept")

// past finds what a question is about, if the client may know it, and under
// which name.
func (c *client) past(q *question) (name string, p past, err error) {
	base, _, filtered := strings.Cut(q.target, "?")
	if fn := c.srv.feeds[foldChan(base)]; fn != nil {
		view, err := ircbus.ParseView(q.target)
		if err != nil {
			return "", nil, errHistory("INVALID_TARGET", err.Error(), q.subcommand, q.target)
		}
		if name = fn.name; filtered {
			name = q.target
		}
		return name, c.srv.pastOf(fn, name, view), nil
	}
	if strings.HasPrefix(q.target, "#") {
		m := c.channels.get(foldChan(q.target))
		if m == nil {
			return "", nil, errHistory("INVALID_TARGET", "You are in no such channel", q.subcommand, q.target)
		}
		return m.channel.name, c.pastIn(m.channel), nil
	}
	if c.account == "" {
		return "", nil, errHistory("INVALID_TARGET", "Private messages are kept for those who have logged in", q.subcommand, q.target)
	}
	with := q.target
	if p := c.srv.nicks[foldNick(with)]; p != nil {
		with = p.accountOrNick()
	}
	return q.target, c.chatPast(c.srv.cfg.KeepPrivate, ircbus.MessageQuery{Owner: c.account, Target: with, Since: c.enrolled}), nil
}

// feedPast is the past of a view.
type feedPast struct {
	srv  *Server
	of   *feedName
	name string
	view ircbus.View // of the packed channel
	head ircbus.ID   // what came later, the client gets as it comes

	quiet func(*ircbus.Event) bool // what the channel leaves out; nil for nothing

	budget   int  // see EventQuery
	isReplay bool // of all events: what others were shown may do
}

func (s *Server) pastOf(fn *feedName, name string, view ircbus.View) *feedPast {
	return &feedPast{srv: s, of: fn, name: name, view: view.WithChannel(fn.feed.packed.name), head: ircbus.ID(s.head.Load()), quiet: s.quietIn(fn)}
}

// page implements past.
func (p *feedPast) page(ctx context.Context, s span) (found []record, err error) {
	if p.isReplay {
		return p.newest(ctx, s.limit)
	}
	q := EventQuery{View: p.view, Until: p.head, Limit: s.limit, Desc: s.desc, Budget: p.budget}
	if r := s.after; r != nil && r.msgid != "" {
		if q.After, err = p.eventID(r.msgid); err != nil {
			return nil, err
		}
	} else if r != nil {
		q.From = r.at.Add(r.unit)
	}
	if r := s.before; r != nil && r.msgid != "" {
		id, err := p.eventID(r.msgid)
		if err != nil {
			return nil, err
		}
		if !s.through {
			id--
		}
		q.Until = min(q.Until, id)
	} else if r != nil {
		if q.To = r.at; s.through {
			q.To = r.at.Add(r.unit)
		}
	}
	if q.Until == 0 || q.After >= q.Until {
		return nil, nil
	}
	events, err := p.loud(q, func(q EventQuery) ([]ircbus.Event, error) { return p.srv.events(ctx, q) })
	for i := range events {
		found = append(found, record{event: &events[i]})
	}
	return found, err
}

// eventID is the id that an event's msgid is; there is none of another log, nor
// beyond the end.
func (p *feedPast) eventID(msgid string) (ircbus.ID, error) {
	cursor, err := ircbus.ParseCursor(msgid)
	if err != nil || cursor.ID == 0 || cursor.ID > p.head || cursor.Foreign(p.srv.cfg.Epoch) {
		return 0, errNoMessage
	}
	return cursor.ID, nil
}

// chatPast is the past of a channel of people, or of a conversation.
type chatPast struct {
	chat  Chat // nil: nothing is kept
	query ircbus.MessageQuery
}

func (c *client) chatPast(kept bool, q ircbus.MessageQuery) *chatPast {
	if !kept || c.srv.cfg.Chat == nil {
		return &chatPast{}
	}
	q.Last, q.Texts = c.srv.cfg.Chat.Last(), !c.caps.has(capEventPlayback)
	return &chatPast{c.srv.cfg.Chat, q}
}

// pastIn is the past of a channel. What was said in a secret channel or one that
// not everybody could enter does not outlive it: whoever makes a channel of the
// same name later is not told.
func (c *client) pastIn(ch *channel) *chatPast {
	return c.chatPast(c.srv.cfg.KeepChannels, ircbus.MessageQuery{Target: ch.name, Opened: ch.created})
}

// page implements past.
func (p *chatPast) page(ctx context.Context, s span) (found []record, err error) {
	if p.chat == nil || p.query.Last == 0 {
		return nil, nil
	}
	q := p.query
	q.Limit, q.Desc = s.limit, s.desc
	if q.After, err = p.place(ctx, s.after, true); err != nil {
		return nil, err
	}
	if q.Before, err = p.place(ctx, s.before, s.through); err != nil {
		return nil, err
	}
	if s.through && s.before != nil && s.before.msgid != "" {
		q.Before.ID++
	}
	err = p.chat.Messages(ctx, q, func(m *ircbus.Message) error {
		found = append(found, record{message: m})
		return nil
	})
	return found, err
}

// place is where a reference is: a message itself, or before or after all of a
// time.
func (p *chatPast) place(ctx context.Context, r *reference, after bool) (ircbus.Place, error) {
	switch {
	case r == nil:
		return ircbus.Place{}, nil
	case r.msgid != "":
		at, found, err := p.chat.Place(ctx, p.query.Owner, p.query.Target, r.msgid)
		if err == nil && !found {
			err = errNoMessage
		}
		return at, err
	case after:
		return ircbus.Place{At: r.at.Add(r.unit - time.Microsecond), ID: math.MaxInt64}, nil
	}
	return ircbus.Place{At: r.at}, nil
}
