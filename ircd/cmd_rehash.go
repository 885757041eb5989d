package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdRehash has the configuration read again
// (modern.ircdocs.horse/#rehash-message). That is done without the server's
// lock.
func (c *client) cmdRehash(*ircmsg.Message) error {
	s := c.srv
	s.mu.Lock()
	err := c.mustOperate()
	if err == nil && s.cfg.Rehash == nil {
		err = numeric("400", "REHASH", "This server has no configuration to read again")
	}
	if err == nil {
		s.tellOperators(c, c.nick+" has the configuration read again")
		c.reply("382", clip(s.cfg.File), "Rehashing")
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.cfg.Rehash(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.tellOperators(c, "The configuration was only partly reloaded: "+err.Error())
	}
	return nil
}
