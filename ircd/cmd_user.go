package ircd

import (
	"strings"

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
	c.noteSaid(msg.Params[0])
	c.noteSaid(msg.Params[3])
	c.user = cleanUser(msg.Params[0])
	c.real = msg.Params[3]
	if strings.TrimSpace(c.real) == "" {
		c.real = msg.Params[0]
	}
	if err := limited("The real name", c.real, maxRealLen); err != nil {
		c.real = c.user
		return err // and go on without it, since few clients try again
	}
	return nil
}
