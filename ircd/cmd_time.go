package ircd

import (
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdTime tells the server's time (modern.ircdocs.horse/#time-message).
func (c *client) cmdTime(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 0); err != nil {
		return err
	}
	c.reply("391", c.srv.cfg.Name, time.Now().UTC().Format(time.RFC1123))
	return nil
}
