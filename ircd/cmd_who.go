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
	var found []person
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
func (c *client) findPeople(mask string) []person {
	if !strings.ContainsAny(mask, "*?") {
		if p, ok := c.srv.personByNick(mask); ok {
			return []person{p}
		}
		return nil
	}
	var found []person
	for _, other := range c.srv.nicks {
		if len(found) < maxWho && (!other.invisible || other == c) && matchMask(mask, other.nick) {
			found = append(found, other.person())
		}
	}
	return found
}

func (s *Server) personByNick(nick string) (person, bool) {
	key := foldNick(nick)
	if p := s.publishers[key]; p != nil {
		return p.person(s.cfg.Name), true
	}
	if other := s.nicks[key]; other != nil {
		return other.person(), true
	}
	return person{}, false
}

// flags: here or gone, bot, rank in the channel.
func (p *person) flags(c *client) string {
	flags := "H"
	if p.away {
		flags = "G"
	}
	if p.bot {
		flags += "B"
	}
	return flags + p.prefix(c.caps.has(capMultiPrefix))
}

// whox gives the fields in their fixed order, whatever order was asked for.
func (p *person) whox(c *client, channel, asked string) []string {
	asked, token, _ := strings.Cut(asked, ",")
	account := p.account
	if account == "" {
		account = "0"
	}
	idle := "0"
	if p.client != nil {
		idle = itoa(p.client.idle())
	}
	values := []struct {
		field byte
		value string
	}{
		{'t', clip(token)}, {'c', channel}, {'u', p.user}, {'i', p.host}, {'h', p.host},
		{'s', c.srv.cfg.Name}, {'n', p.nick}, {'f', p.flags(c)}, {'d', "0"}, {'l', idle},
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
