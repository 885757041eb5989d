package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdVersion names the program (modern.ircdocs.horse/#version-message).
func (c *client) cmdVersion(msg *ircmsg.Message) error {
	if err := c.checkServer(msg.Params, 0); err != nil {
		return err
	}
	c.reply("351", clip(c.srv.cfg.Version), c.srv.cfg.Name, "ircbus")
	c.isupport()
	return nil
}

// checkServer looks at the parameter that may name the server to ask: this one,
// by its name or a mask of it, or through somebody who is here. There is no
// other (modern.ircdocs.horse/#errnosuchserver-402).
func (c *client) checkServer(params []string, at int) error {
	if len(params) <= at || params[at] == "" || matchMask(params[at], c.srv.cfg.Name) {
		return nil
	}
	if c.srv.nicks[foldNick(params[at])] != nil {
		return nil
	}
	return numeric("402", clip(params[at]), "There is no other server here than "+c.srv.cfg.Name)
}
