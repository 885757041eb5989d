package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdNick asks for a nick (modern.ircdocs.horse/#nick-message). Before
// registration it is only noted: whether it is free is decided when the login
// has said whose it may be.
func (c *client) cmdNick(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return numeric("431", "No nick given")
	}
	nick := msg.Params[0]
	c.noteSaid(nick)
	switch {
	case !validNick(nick):
		c.nickRefused = c.nickRefused || !c.registered
		return numeric("432", clip(nick), "A nick has 1 to 32 letters, digits and []\\`_^{|}-, and begins with a letter")
	case !c.registered:
		c.nick = nick
		return nil
	case c.publisher != nil:
		return numeric("447", "A publisher keeps its nick")
	}
	holder := c.srv.nicks[foldNick(nick)]
	shared := holder != nil && holder != c.person && c.sharesAccount(holder)
	if why := c.srv.taken(nick, c.person); why != "" && !shared {
		return numeric("433", nick, why)
	}
	if nick == c.nick {
		return nil
	}
	for _, m := range c.channels.all() { // in which others could not tell who is banned
		if !m.op && !m.voice && m.channel.mutes(c.person) {
			return numeric("435", nick, m.channel.name, "You are banned from speaking in a channel, so you keep your nick there")
		}
	}
	if err := c.tooManyNicks(nick); err != nil {
		return err
	}
	if shared {
		c.become(holder)
	} else {
		c.srv.rename(c.person, c, nick)
	}
	return nil
}
