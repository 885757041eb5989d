package ircd

import "github.com/ergochat/irc-go/ircmsg"

// absent is the away message of a connection that stands for nobody: it does not
// count (ircv3.net/specs/extensions/pre-away).
const absent = "*"

// cmdAway says that one is away, or back (modern.ircdocs.horse/#away-message),
// before registration for those who have asked for draft/pre-away.
func (c *client) cmdAway(msg *ircmsg.Message) error {
	if !c.registered && !c.caps.has(capPreAway) {
		return errNotRegistered
	}
	gone := ""
	if len(msg.Params) > 0 {
		gone = msg.Params[0]
	}
	if err := limited("The away message", gone, maxAwayLen); err != nil {
		return err
	}
	c.gone = gone
	if c.registered {
		c.srv.settleAway(c.person, c)
	}
	if c.gone == "" {
		c.reply("305", "You are no longer marked as being away")
	} else {
		c.reply("306", "You have been marked as being away")
	}
	return nil
}

// settleAway works out whether a person is away, which it is when all its
// connections are, and tells others if that has changed
// (ircv3.net/specs/extensions/away-notify). The message is that of by, the
// connection that caused it, if it has one; by may be nil.
func (s *Server) settleAway(p *person, by *client) {
	away := ""
	for _, c := range p.clients {
		if c.gone == "" {
			away = ""
			break
		}
		if away == "" || away == absent || c == by && c.gone != absent {
			away = c.gone
		}
	}
	if away == p.away {
		return
	}
	p.away = away
	s.announce(p, by, capAwayNotify, p.awayMessage())
}

// awayMessage tells others that the person is away, or back.
func (p *person) awayMessage() message {
	if p.away == "" {
		return p.message("AWAY")
	}
	return p.message("AWAY", p.away)
}
