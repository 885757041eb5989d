package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdAway says that one is away, or back (modern.ircdocs.horse/#away-message).
func (c *client) cmdAway(msg *ircmsg.Message) error {
	c.away = ""
	if len(msg.Params) > 0 {
		c.away = cut(msg.Params[0], maxAwayLen)
	}
	if c.away == "" {
		c.reply("305", "You are no longer marked as being away")
	} else {
		c.reply("306", "You have been marked as being away")
	}
	return nil
}
