package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdPart leaves channels (modern.ircdocs.horse/#part-message).
func (c *client) cmdPart(msg *ircmsg.Message) error {
	reason := ""
	if len(msg.Params) > 1 {
		reason = msg.Params[1]
	}
	if err := limited("The reason", reason, maxReasonLen); err != nil {
		return err
	}
	for name := range strings.SplitSeq(msg.Params[0], ",") {
		key := foldChan(name)
		switch v, m := c.views.get(key), c.channels.get(key); {
		case v != nil:
			c.partView(v)
		case m != nil:
			c.part(m.channel, reason)
		case c.find(name) == nil:
			c.answer("PART", errNoSuchChannel(name, "There is no such channel"))
		default:
			c.answer("PART", errNotOnChannel(name))
		}
	}
	c.touch()
	return nil
}

// part takes the person, with all connections, out of a channel.
func (c *client) part(ch *channel, reason string) {
	parted := c.message("PART", ch.name)
	if reason != "" {
		parted.params = append(parted.params, reason)
	}
	c.srv.keep(ch, &parted)
	ch.sendOthers(c, parted)
	c.respond(parted)
	c.noteSeenChannel(ch)
	c.srv.leave(c.person, ch)
}

// partView takes the connection out of a view, which nobody else sees.
func (c *client) partView(v *viewing) {
	c.respond(c.message("PART", v.name))
	c.unview(v)
}

// unview takes the connection out of a view without a word.
func (c *client) unview(v *viewing) {
	c.noteSeenView(v)
	c.views.remove(foldChan(v.name))
	v.view.leave(v)
}
