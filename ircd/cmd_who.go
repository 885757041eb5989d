package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// maxWho is how many people a WHO with a mask finds.
const maxWho = 100

// cmdWho describes the people in a channel or with a nick, in the classic form
// or by WHOX fields (modern.ircdocs.horse/#who-message,
// ircv3.net/specs/extensions/whox).
func (c *client) cmdWho(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		c.reply("315", "*", "End of WHO")
		return nil
	}
	mask, fields := msg.Params[0], ""
	if len(msg.Params) > 1 {
		_, fields, _ = strings.Cut(msg.Params[1], "%")
	}
	channel := "*"
	var found []presence
	if t := c.find(mask); t != nil {
		channel, found = t.name, c.present(t)
	} else if !strings.HasPrefix(mask, "#") {
		found = c.findPeople(mask)
	}
	for _, p := range found {
		if fields == "" {
			c.reply("352", channel, p.user, p.host, c.srv.cfg.Name, p.nick, p.flags(c), "0 "+p.real)
		} else {
			c.reply("354", p.whox(c, channel, fields)...)
		}
	}
	c.reply("315", clip(mask), "End of WHO")
	return nil
}

// findPeople finds people by nick or mask. The invisible are found by their
// nick only.
func (c *client) findPeople(mask string) []presence {
	if !strings.ContainsAny(mask, "*?") {
		if p := c.srv.nicks[foldNick(mask)]; p != nil {
			return []presence{{person: p}}
		}
		return nil
	}
	var found []presence
	for _, p := range c.srv.nicks {
		if len(found) < maxWho && p.publisher == nil && (!p.invisible || p == c.person) && matchMask(mask, p.nick) {
			found = append(found, presence{person: p})
		}
	}
	return found
}

// flags: here or gone, bot, rank in the channel.
func (p *presence) flags(c *client) string {
	flags := "H"
	if p.away != "" {
		flags = "G"
	}
	if p.isOperator() {
		flags += "*"
	}
	if p.isBot() {
		flags += "B"
	}
	return flags + p.prefix(c.caps.has(capMultiPrefix))
}

// whox gives the fields in their fixed order, whatever order was asked for.
func (p *presence) whox(c *client, channel, asked string) []string {
	asked, token, _ := strings.Cut(asked, ",")
	account := p.account
	if account == "" {
		account = "0"
	}
	values := []struct {
		field byte
		value string
	}{
		{'t', clip(token)}, {'c', channel}, {'u', p.user}, {'i', p.host}, {'h', p.host},
		{'s', c.srv.cfg.Name}, {'n', p.nick}, {'f', p.flags(c)}, {'d', "0"}, {'l', itoa(p.idle())},
		{'a', account}, {'o', "n/a"}, {'r', p.real},
	}
	var out []string
	for _, v := range values {
		if strings.IndexByte(asked, v.field) >= 0 {
			out = append(out, v.value)
		}
	}
	return out
}
