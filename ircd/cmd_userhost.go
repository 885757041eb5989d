package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdUserhost gives the addresses of up to five nicks
// (modern.ircdocs.horse/#userhost-message).
func (c *client) cmdUserhost(msg *ircmsg.Message) error {
	var found []string
	for _, nick := range msg.Params[:min(len(msg.Params), 5)] {
		if p := c.srv.nicks[foldNick(nick)]; p != nil {
			state := "="
			if p.isOperator() {
				state = "*="
			}
			if p.away != "" {
				state += "-"
			} else {
				state += "+"
			}
			found = append(found, p.nick+state+p.user+"@"+p.host)
		}
	}
	c.reply("302", strings.Join(found, " "))
	return nil
}

// cmdIson says which of the nicks are here (modern.ircdocs.horse/#ison).
func (c *client) cmdIson(msg *ircmsg.Message) error {
	var here []string
	for _, nick := range strings.Fields(strings.Join(msg.Params, " ")) {
		if p := c.srv.nicks[foldNick(nick)]; p != nil {
			here = append(here, p.nick)
		}
	}
	c.reply("303", strings.Join(fit(here), " "))
	return nil
}
