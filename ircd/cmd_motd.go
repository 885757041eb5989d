package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdMotd shows the message of the day (modern.ircdocs.horse/#motd-message).
func (c *client) cmdMotd(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 0); err != nil {
		return err
	}
	c.motd()
	return nil
}

func (c *client) motd() {
	if len(c.srv.set.MOTD) == 0 {
		c.reply("422", "There is no message of the day")
		return
	}
	c.reply("375", "- "+c.srv.cfg.Name+" message of the day -")
	for _, line := range c.srv.set.MOTD {
		c.reply("372", "- "+line)
	}
	c.reply("376", "End of MOTD")
}
