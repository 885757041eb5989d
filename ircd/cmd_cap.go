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
		c.replyCap("LS", capList(allCaps, c.version302))
	case "LIST":
		c.replyCap("LIST", capList(c.caps, false))
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

func (c *client) replyCap(sub, list string) { c.reply("CAP", sub, list) }

// capReq grants all of the request or nothing.
func (c *client) capReq(request string) {
	caps := c.caps
	for _, name := range strings.Fields(request) {
		name, off := strings.CutPrefix(name, "-")
		bit, ok := capByName(name)
		switch {
		case !ok, off && bit == capCapNotify && c.version302:
			c.replyCap("NAK", request)
			return
		case off:
			caps &^= bit
		default:
			caps |= bit
		}
	}
	c.replyCap("ACK", request)
	c.caps = caps
	c.rerender()
}
