package ircd

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// How many people a mask finds.
const (
	maxWho   = 100
	maxWhois = 10
)

// cmdWho describes the people in a channel, with a nick, or that fit a mask, in
// the classic form or by WHOX fields (modern.ircdocs.horse/#who-message,
// ircv3.net/specs/extensions/whox). The flag o leaves operators only.
func (c *client) cmdWho(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		c.reply("315", "*", "End of WHO")
		return nil
	}
	mask, flags, fields := msg.Params[0], "", ""
	extended := false
	if len(msg.Params) > 1 {
		flags, fields, extended = strings.Cut(msg.Params[1], "%")
	}
	channel := "*"
	var found []presence
	if t := c.find(mask); t != nil {
		channel, found = t.name, c.present(t)
	} else if !strings.HasPrefix(mask, "#") {
		found = c.findPeople(mask, maxWho, (*person).fits)
	}
	for _, p := range found {
		switch {
		case strings.Contains(flags, "o") && !p.isOperator():
		case extended:
			c.reply("354", p.whox(c, channel, fields)...)
		default:
			c.reply("352", channel, p.user, p.host, c.srv.cfg.Name, p.nick, p.flags(c), "0 "+p.real)
		}
	}
	c.reply("315", clip(mask), "End of WHO")
	return nil
}

// findPeople finds people by their exact nick, or by a mask those whom the
// client sees, in the order of their nicks. Publishers are found by their nick
// only.
func (c *client) findPeople(mask string, max int, fits func(*person, *ircbus.Glob) bool) []presence {
	if p := c.srv.nicks[foldNick(mask)]; p != nil {
		return []presence{{person: p}}
	}
	if mask == "0" {
		mask = "*" // RFC 2812, 3.6.1
	}
	c.charge(lookedAt(len(c.srv.nicks)))
	glob := ircbus.NewGlob(mask)
	var found []presence
	for _, p := range c.srv.nicks {
		if p.publisher != nil || !fits(p, &glob) || !c.sees(p) {
			continue
		}
		if len(found) == max {
			c.reply("416", clip(mask), "More than "+itoa(max)+" people fit this mask: here are some")
			break
		}
		found = append(found, presence{person: p})
	}
	slices.SortFunc(found, func(a, b presence) int { return strings.Compare(a.nick, b.nick) })
	return found
}

// fits reports whether a mask is that of anything one may know of the person.
func (p *person) fits(mask *ircbus.Glob) bool {
	return mask.Match(p.nick) || mask.Match(p.user) || mask.Match(p.host) ||
		p.account != "" && mask.Match(p.account) || mask.Match(p.real)
}

// sees reports whether the client finds the person without knowing the nick
// (modern.ircdocs.horse/#invisible-user-mode).
func (c *client) sees(p *person) bool {
	if !p.invisible || p == c.person {
		return true
	}
	for key := range p.channels.all() {
		if c.channels.get(key) != nil {
			return true
		}
	}
	return false
}

// seesInto reports whether the client may know what only the person itself and
// operators may.
func (c *client) seesInto(p *person) bool { return p == c.person || c.isOperator() }

// flags: here or gone, operator, rank in the channel, bot
// (modern.ircdocs.horse/#rplwhoreply-352).
func (p *presence) flags(c *client) string {
	flags := "H"
	if p.away != "" {
		flags = "G"
	}
	if p.isOperator() {
		flags += "*"
	}
	flags += p.prefix(c.caps.has(capMultiPrefix))
	if p.isBot() {
		flags += "B"
	}
	return flags
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
		{'t', clip(token)}, {'c', channel}, {'u', p.user}, {'i', c.addressOf(p.person)}, {'h', p.host},
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

// addressOf is the person's IP address, or what WHOX has instead of one that the
// client may not know.
func (c *client) addressOf(p *person) string {
	if len(p.clients) > 0 && c.seesInto(p) {
		return hostOf(p.clients[0].conn.from.Addr)
	}
	if _, err := netip.ParseAddr(p.host); err == nil {
		return p.host // which everybody sees
	}
	return "255.255.255.255"
}
