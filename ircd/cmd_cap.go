package ircd

import (
	"strconv"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdCap negotiates capabilities
// (ircv3.net/specs/extensions/capability-negotiation).
func (c *client) cmdCap(msg *ircmsg.Message) error {
	args := ""
	if len(msg.Params) > 1 {
		args = strings.TrimSpace(strings.Join(msg.Params[1:], " ")) // some leave out the colon
	}
	switch sub := strings.ToUpper(msg.Params[0]); sub {
	case "LS":
		c.negotiating = !c.registered
		if version, err := strconv.Atoi(args); err == nil && version >= 302 {
			c.version302 = true
			c.caps |= capCapNotify // implied
		}
		c.replyCaps("LS", c.capNames(allCaps, c.version302))
	case "LIST":
		c.replyCaps("LIST", c.capNames(c.caps, false))
	case "REQ":
		c.negotiating = !c.registered
		c.capReq(args)
	case "END":
		c.negotiating = false
	default:
		return numeric("410", clip(msg.Params[0]), "Unknown CAP subcommand")
	}
	return nil
}

// replyCaps lists capabilities. Only those who understand version 302 get more
// than one line, with a * in all but the last; others get what fits into one
// (ircv3.net/specs/extensions/capability-negotiation#multiline-replies-to-cap-ls-and-cap-list).
func (c *client) replyCaps(sub string, names []string) {
	room := maxLine - len(":"+c.srv.cfg.Name+" CAP "+c.name()+" "+sub+" * :\r\n")
	lines := wrap(names, room)
	if !c.version302 {
		lines = lines[:1]
	}
	for _, some := range lines[:len(lines)-1] {
		c.reply("CAP", sub, "*", strings.Join(some, " "))
	}
	c.reply("CAP", sub, strings.Join(lines[len(lines)-1], " "))
}

// capReq grants all of the request or nothing.
func (c *client) capReq(request string) {
	caps := c.caps
	for _, name := range strings.Fields(request) {
		name, off := strings.CutPrefix(name, "-")
		bit, ok := capByName(name)
		ok = ok && bit != capSTS // is there to be read, not to be asked for
		if _, offered := c.capValue(bit); !offered {
			ok = false
		}
		switch {
		case !ok, off && bit == capCapNotify && c.version302:
			c.reply("CAP", "NAK", request)
			return
		case off:
			caps &^= bit
		default:
			caps |= bit
		}
	}
	room := maxLine - len(":"+c.srv.cfg.Name+" CAP "+c.name()+" ACK :\r\n")
	for _, some := range wrap(strings.Fields(request), room) {
		c.reply("CAP", "ACK", strings.Join(some, " "))
	}
	c.caps = caps
	c.kept.Store(nil)
	c.rerender()
}
