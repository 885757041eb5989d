package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdLinks lists the servers that this one is linked to
// (modern.ircdocs.horse/#links-message): it stands alone, and "servers MAY omit
// some or all servers on the network, including itself".
func (c *client) cmdLinks(*ircmsg.Message) error {
	c.reply("365", "*", "End of LINKS: "+c.srv.cfg.Name+" has no links")
	return nil
}
