package ircd

import "github.com/ergochat/irc-go/ircmsg"

// maxAdmin is how many lines of administrative information IRC has numerics for.
const maxAdmin = 3

// cmdAdmin says who runs the server (modern.ircdocs.horse/#admin-message): up
// to three lines, of which the last is the address to write to.
func (c *client) cmdAdmin(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 0); err != nil {
		return err
	}
	lines := c.srv.set.Admin
	if len(lines) == 0 {
		return numeric("423", c.srv.cfg.Name, "Nobody has said who runs this server")
	}
	c.reply("256", c.srv.cfg.Name, "Administrative info")
	for i, line := range lines[:len(lines)-1] {
		c.reply([...]string{"257", "258"}[i], line)
	}
	c.reply("259", lines[len(lines)-1])
	return nil
}
