package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdWallops writes to everybody who has user mode w
// (modern.ircdocs.horse/#wallops-message). The sender sees it in any case.
func (c *client) cmdWallops(msg *ircmsg.Message) error {
	if err := c.mustOperate(); err != nil {
		return err
	}
	if msg.Params[0] == "" {
		return errNeedMoreParams("WALLOPS")
	}
	m := c.message("WALLOPS", msg.Params[0])
	if err := m.fits(); err != nil {
		return err
	}
	for other := range c.srv.clients {
		if other != c && other.registered && other.wallops {
			other.send(m)
		}
	}
	c.respond(m)
	return nil
}
