package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdSetname changes the real name (ircv3.net/specs/extensions/setname).
func (c *client) cmdSetname(msg *ircmsg.Message) error {
	real := msg.Params[0]
	switch {
	case c.publisher != nil:
		return &failure{command: "SETNAME", code: "CANNOT_CHANGE_REALNAME", reason: "A publisher has the name of its wiki"}
	case strings.TrimSpace(real) == "" || len(real) > maxRealLen:
		return &failure{command: "SETNAME", code: "INVALID_REALNAME", reason: "A real name has 1 to " + itoa(maxRealLen) + " bytes"}
	}
	c.real = real
	m := c.message("SETNAME", real)
	c.srv.announce(c.person, c, capSetname, m)
	c.confirm(capSetname, m)
	return nil
}
