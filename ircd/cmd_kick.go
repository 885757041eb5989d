package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdKick puts people out of channels: all of them out of the one, or each out
// of the one that stands in its place (modern.ircdocs.horse/#kick-message).
func (c *client) cmdKick(msg *ircmsg.Message) error {
	channels := strings.Split(msg.Params[0], ",")
	nicks, err := splitTargets(msg.Params[1])
	switch {
	case err != nil:
		return err
	case len(channels) > 1 && len(channels) != len(nicks):
		return errNeedMoreParams("KICK")
	}
	comment := c.nick
	if len(msg.Params) > 2 && msg.Params[2] != "" {
		comment = msg.Params[2]
	}
	if err := limited("The reason", comment, maxKickLen); err != nil {
		return err
	}
	for i, nick := range nicks {
		name := channels[0]
		if len(channels) > 1 {
			name = channels[i]
		}
		c.answer("KICK", c.kick(name, nick, comment))
	}
	c.touch()
	return nil
}

func (c *client) kick(name, nick, comment string) error {
	t := c.find(name)
	switch {
	case t == nil:
		return errNoSuchChannel(name, "There is no such channel")
	case t.feed != nil:
		return errNotOperator(t.name, "Nobody is put out of a publisher's channel")
	}
	ch := t.channel
	if err := c.mustBeOp(ch, "Only operators put people out"); err != nil {
		return err
	}
	p := c.srv.nicks[foldNick(nick)]
	switch {
	case p == nil:
		return errNoSuchNick(nick)
	case ch.members[p] == nil:
		return errNotThere(p, ch)
	}
	kicked := c.message("KICK", ch.name, p.nick, comment)
	c.srv.keep(ch, &kicked)
	ch.sendOthers(c, kicked)
	c.respond(kicked)
	c.srv.leave(p, ch)
	return nil
}
