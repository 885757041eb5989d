package ircd

import (
	"slices"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdInvite asks somebody into a channel, or lists where one was asked to
// (modern.ircdocs.horse/#invite-message).
func (c *client) cmdInvite(msg *ircmsg.Message) error {
	switch len(msg.Params) {
	case 0:
		for _, i := range c.invited {
			if i.open(c.srv) != nil {
				c.reply("336", i.name)
			}
		}
		c.reply("337", "End of the list of invitations")
		return nil
	case 1:
		return errNeedMoreParams("INVITE")
	}
	nick, name := msg.Params[0], msg.Params[1]
	t, p := c.find(name), c.srv.nicks[foldNick(nick)]
	switch {
	case p == nil:
		return errNoSuchNick(nick)
	case t == nil:
		return errNoSuchChannel(name, "There is no such channel")
	case len(p.clients) == 0:
		return errNotConnected(p)
	}
	if err := c.mayInvite(p, t); err != nil {
		return err
	}
	if t.channel != nil {
		c.srv.invite(p, t.channel, t.channel.members[c.person].op)
	}
	c.sendInvite(p, t)
	c.touch()
	return nil
}

// mayInvite says why not, or nil. Who follows a feed is nobody's business
// (docs/protocol.md, "Channels").
func (c *client) mayInvite(p *person, t *target) error {
	if t.feed != nil {
		if c.views.get(foldChan(t.name)) == nil {
			return errNotOnChannel(t.name)
		}
		return nil
	}
	ch := t.channel
	switch m := ch.members[c.person]; {
	case m == nil:
		return errNotOnChannel(ch.name)
	case ch.has('i') && !m.op:
		return errNotOperator(ch.name, "Only operators invite to this channel (+i)")
	case ch.members[p] != nil:
		return numeric("443", p.nick, ch.name, "This person is on the channel already")
	}
	return nil
}

// sendInvite tells the person, the inviter, and those in the channel who want to
// know (ircv3.net/specs/extensions/invite-notify).
func (c *client) sendInvite(p *person, t *target) {
	m := c.message("INVITE", p.nick, t.name)
	p.send(nil, m)
	if t.channel != nil {
		for other := range t.channel.others(c) {
			if other.caps.has(capInviteNotify) {
				other.send(m)
			}
		}
	}
	c.reply("341", p.nick, t.name)
	if p.away != "" {
		c.reply("301", p.nick, p.away)
	}
}

// maxInvitations is how many channels somebody is invited to at a time. With
// one more the oldest invitation is forgotten.
const maxInvitations = 50

// invitation is one that may still be followed. An operator's opens the channel
// once, whatever its modes are; another's is no more than a message.
type invitation struct {
	name    string
	created time.Time // the channel: a later one of this name is another
	byOp    bool
}

// open is the channel of the invitation, or nil if it has ended.
func (i invitation) open(s *Server) *channel {
	if ch := s.channels[foldChan(i.name)]; ch != nil && ch.created.Equal(i.created) {
		return ch
	}
	return nil
}

// invite notes an invitation.
func (s *Server) invite(p *person, ch *channel, byOp bool) {
	byOp = byOp || p.opens(s, ch)
	p.invited = slices.DeleteFunc(p.invited, func(i invitation) bool {
		to := i.open(s)
		return to == nil || to == ch
	})
	if len(p.invited) == maxInvitations {
		p.invited = slices.Delete(p.invited, 0, 1)
	}
	p.invited = append(p.invited, invitation{ch.name, ch.created, byOp})
}

// opens reports whether an operator of the channel has invited the person.
func (p *person) opens(s *Server, ch *channel) bool {
	return slices.ContainsFunc(p.invited, func(i invitation) bool { return i.byOp && i.open(s) == ch })
}
