package ircd

import (
	"context"
	"errors"

	"github.com/ircbus/ircbus"
)

// redactIn takes back a message in a channel of people: the sender may, and the
// channel's operators.
func (c *client) redactIn(ch *channel, r redaction) error {
	r.target = ch.name
	anybodys := c.mayOper || ch.members[c.person].op
	tell := func() {
		for other := range ch.others(c) {
			other.hearRedaction(r, c.person)
		}
	}
	sent := c.srv.sent.find(r.msgid)
	switch {
	case sent == nil && c.srv.cfg.KeepChannels:
		q := ircbus.MessageQuery{Target: ch.name}
		if !anybodys {
			q.Since = c.enrolled
		}
		return c.retract(r, c.findKept(r, q, anybodys), true, tell)
	case sent == nil || sent.channel != foldChan(ch.name):
		return r.unknown()
	case !anybodys && !sent.from.is(c.person):
		return r.forbidden()
	}
	return c.retract(r, nil, c.srv.cfg.KeepChannels, tell)
}

// redactTo takes back a message to somebody.
func (c *client) redactTo(r redaction) error {
	p := c.srv.nicks[foldNick(r.target)]
	if p == nil {
		return r.fail("INVALID_TARGET", "There is nobody with this nick")
	}
	r.target = p.nick
	tell := func() {
		for _, other := range p.clients {
			if other != c {
				other.hearRedaction(r, c.person)
			}
		}
		for _, other := range c.clients {
			if other != c && p != c.person && other.caps.has(capEchoMessage) {
				other.hearRedaction(r, c.person)
			}
		}
	}
	sent := c.srv.sent.find(r.msgid)
	switch {
	case sent == nil && c.srv.cfg.KeepPrivate && c.account != "":
		q := ircbus.MessageQuery{Owner: c.account, Target: p.accountOrNick(), Since: c.enrolled}
		return c.retract(r, c.findKept(r, q, false), true, tell)
	case sent == nil || sent.to == nil || !sent.from.is(c.person) || !sent.to.is(p):
		return r.unknown()
	}
	return c.retract(r, nil, c.srv.cfg.KeepPrivate, tell)
}

// findKept looks for a message that is too old to be remembered among those that
// are kept, and returns the client's mistake if it may not redact it.
func (c *client) findKept(r redaction, q ircbus.MessageQuery, anybodys bool) func(context.Context) error {
	chat, account := c.srv.cfg.Chat, c.account
	return func(ctx context.Context) error {
		place, found, err := chat.Place(ctx, q.Owner, q.Target, r.msgid)
		if err != nil {
			return err
		}
		if !found {
			return r.unknown()
		}
		q.After, q.Limit = ircbus.Place{At: place.At, ID: place.ID - 1}, 1
		mistake := r.unknown()
		err = chat.Messages(ctx, q, func(m *ircbus.Message) error {
			said := m.Command == "PRIVMSG" || m.Command == "NOTICE" || m.Command == "TAGMSG"
			switch {
			case m.MsgID != r.msgid || !said:
			case anybodys || account != "" && foldNick(m.Account) == foldNick(account):
				mistake = nil
			default:
				mistake = r.forbidden()
			}
			return nil
		})
		if err != nil {
			return err
		}
		return mistake
	}
}

// retract takes a message out of what is kept, if anything is, and then tells
// others. may, if it is not nil, says first whether the client may.
func (c *client) retract(r redaction, may func(context.Context) error, kept bool, tell func()) error {
	done := func() {
		c.srv.sent.forget(r.msgid)
		tell()
		c.echoRedaction(r)
	}
	if c.srv.cfg.Chat == nil || !kept {
		done()
		return nil
	}
	read := func(ctx context.Context) error {
		if may != nil {
			if err := may(ctx); err != nil {
				return err
			}
		}
		_, err := c.srv.cfg.Chat.Retract(ctx, r.msgid)
		return err
	}
	c.lookups = append(c.lookups, lookup{write: true, read: read, show: func(err error) error {
		mistake := (*failure)(nil)
		switch {
		case err == nil:
			done()
			return nil
		case errors.As(err, &mistake):
			return mistake
		}
		c.log().Error("a message could not be redacted", "err", err)
		return r.fail(string(ircbus.StoreUnavailable), "What is kept of the message could not be removed: try again later")
	}})
	return nil
}

func (c *client) hearRedaction(r redaction, by *person) {
	if c.caps.has(capRedaction) {
		c.send(r.message(by))
	}
}

// echoRedaction answers who has redacted something, as echo-message does.
func (c *client) echoRedaction(r redaction) {
	if c.caps.has(capEchoMessage | capRedaction) {
		c.respond(r.message(c.person))
	}
}
