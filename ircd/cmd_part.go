package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdPart leaves channels (modern.ircdocs.horse/#part-message).
func (c *client) cmdPart(msg *ircmsg.Message) error {
	reason := ""
	if len(msg.Params) > 1 {
		reason = cut(msg.Params[1], maxTopicLen)
	}
	for name := range strings.SplitSeq(msg.Params[0], ",") {
		switch m := c.joined[foldChan(name)]; {
		case m != nil:
			c.part(m, reason)
		case c.find(name) == nil:
			c.answer("PART", errNoSuchChannel(name, "There is no such channel"))
		default:
			c.answer("PART", errNotOnChannel(name))
		}
	}
	c.touch()
	return nil
}

func (c *client) part(m *membership, reason string) {
	parted := c.message("PART", m.name)
	if reason != "" {
		parted.params = append(parted.params, reason)
	}
	if m.channel != nil && !m.channel.doubled(c) {
		m.channel.sendOthers(c, parted)
	}
	c.respond(parted)
	c.leave(m)
}
