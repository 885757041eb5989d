package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdPass keeps account:password, or the server's password, until the
// registration is complete (docs/protocol.md, "Publishing over IRC").
func (c *client) cmdPass(msg *ircmsg.Message) error {
	if c.registered {
		return errAlreadyRegistered
	}
	c.password = msg.Params[0]
	return nil
}
