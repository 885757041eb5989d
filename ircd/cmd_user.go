package ircd

import (
	"github.com/ergochat/irc-go/ircmsg"
)

var errAlreadyRegistered = numeric("462", "You have registered already")

// cmdUser says who the user is (modern.ircdocs.horse/#user-message).
func (c *client) cmdUser(msg *ircmsg.Message) error {
	switch {
	case c.registered:
		return errAlreadyRegistered
	case msg.Params[0] == "" || msg.Params[3] == "":
		return errNeedMoreParams("USER")
	}
	c.user = cleanUser(msg.Params[0])
	c.real = cut(msg.Params[3], maxRealLen)
	if c.real == "" { // blanks
		c.real = cut(msg.Params[0], maxRealLen)
	}
	return nil
}
