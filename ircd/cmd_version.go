package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdVersion names the program (modern.ircdocs.horse/#version-message).
func (c *client) cmdVersion(*ircmsg.Message) error {
	c.reply("351", clip(c.srv.cfg.Version), c.srv.cfg.Name, "ircbus")
	c.isupport()
	return nil
}
