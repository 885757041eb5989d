package ircd

import (
	"strconv"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdWhowas says who had a nick before (modern.ircdocs.horse/#whowas-message).
func (c *client) cmdWhowas(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return numeric("431", "No nick given")
	}
	nick, count := clip(msg.Params[0]), 0
	if len(msg.Params) > 1 {
		count, _ = strconv.Atoi(msg.Params[1]) // what is no number asks for all
	}
	found := c.srv.past.find(nick, count)
	if len(found) == 0 {
		c.reply("406", nick, "Nobody had this nick lately")
	}
	for _, one := range found {
		c.reply("314", one.nick, one.user, one.host, "*", one.real)
		if one.account != "" {
			c.reply("330", one.nick, one.account, "was logged in as")
		}
		if c.isOperator() && one.addr.IsValid() {
			c.reply("338", one.nick, hostOf(one.addr), "was connecting from")
		}
		c.reply("312", one.nick, c.srv.cfg.Name, one.until.UTC().Format(time.RFC1123))
	}
	c.reply("369", nick, "End of WHOWAS")
	return nil
}
