package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdKill ends all connections of somebody (modern.ircdocs.horse/#kill-message).
func (c *client) cmdKill(msg *ircmsg.Message) error {
	if err := c.mustOperate(); err != nil {
		return err
	}
	nick, why := msg.Params[0], "No reason given"
	if len(msg.Params) > 1 && msg.Params[1] != "" {
		why = msg.Params[1]
	}
	if err := limited("The reason", why, maxReasonLen); err != nil {
		return err
	}
	s := c.srv
	p := s.nicks[foldNick(nick)]
	switch {
	case p == nil && matchMask(nick, s.cfg.Name):
		return numeric("483", "A server cannot be killed")
	case p == nil || len(p.clients) == 0:
		return errNoSuchNick(nick)
	}
	c.log().Info("somebody was killed", "nick", p.source(), "by", c.nick, "reason", why)
	s.tellOperators(c, c.nick+" killed "+p.source()+": "+why)
	reason := "Killed (" + c.nick + " (" + why + "))"
	for _, killed := range p.clients {
		killed.send(c.message("KILL", p.nick, why))
		killed.send(p.message("QUIT", reason))
		killed.end(reason)
	}
	return nil
}
