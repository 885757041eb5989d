package ircd

import (
	"github.com/ergochat/irc-go/ircmsg"
)

var errAlreadyRegistered = numeric("462", "You have registered already")

// cmdUser says who the user is (modern.ircdocs.horse/#user-message).
func (c *client) cmdUser(msg *ircmsg.Message) error {
	if c.registered {
		return errAlreadyRegistered
	}
	c.user = cleanUser(msg.Params[0])
	c.real = cut(msg.Params[3], maxRealLen)
	if c.real == "" {
		c.real = msg.Params[0]
	}
	return nil
}
