package ircd

import (
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdWhois describes one person (modern.ircdocs.horse/#whois-message). A
// publisher is there whether it is connected or not.
func (c *client) cmdWhois(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return numeric("431", "No nick given")
	}
	nick := msg.Params[len(msg.Params)-1]
	nick, _, _ = strings.Cut(nick, ",")
	p := c.srv.nicks[foldNick(nick)]
	if p == nil {
		c.answer("WHOIS", errNoSuchNick(nick))
		c.reply("318", clip(nick), "End of WHOIS")
		return nil
	}
	c.reply("311", p.nick, p.user, p.host, "*", p.real)
	if channels := c.channelsOf(p); len(channels) > 0 {
		c.reply("319", p.nick, strings.Join(channels, " "))
	}
	c.reply("312", p.nick, c.srv.cfg.Name, c.srv.cfg.Network)
	if p.isOperator() {
		c.reply("313", p.nick, "is an operator of this server")
	}
	if p.account != "" {
		c.reply("330", p.nick, p.account, "is logged in as")
	}
	if p.isBot() {
		c.reply("335", p.nick, "is a bot")
	}
	c.whoisState(p)
	c.reply("318", p.nick, "End of WHOIS")
	return nil
}

// whoisState tells what only somebody has who is connected.
func (c *client) whoisState(p *person) {
	if p.away != "" {
		c.reply("301", p.nick, p.away)
	}
	if p.publisher != nil {
		if len(p.clients) == 0 {
			c.reply("320", p.nick, "publishes on this bus and is not connected by IRC now")
		}
		return
	}
	if p == c.person {
		c.reply("378", p.nick, "is connecting from "+c.conn.addr.String())
	}
	if p.secure() {
		c.reply("671", p.nick, "is using a secure connection")
	}
	c.reply("317", p.nick, itoa(p.idle()), itoa(p.since.Unix()), "seconds idle, signon time")
}

// channelsOf lists the channels of somebody that c may know of: of a publisher
// its own feeds, of itself all.
func (c *client) channelsOf(p *person) []string {
	var names []string
	if p.publisher != nil {
		for _, fn := range c.srv.feeds {
			if fn.feed.allows(p.publisher) {
				names = append(names, "+"+fn.name)
			}
		}
	} else {
		if p == c.person {
			for _, v := range c.views {
				names = append(names, v.name)
			}
		}
		for _, m := range p.channels {
			if p == c.person || m.channel.members[c.person] != nil || !m.channel.has('s') && !p.invisible {
				names = append(names, m.prefix(c.caps.has(capMultiPrefix))+m.channel.name)
			}
		}
	}
	slices.Sort(names)
	return fit(names)
}

// fit drops what does not go into one line.
func fit(names []string) []string {
	size := 0
	for i, name := range names {
		if size += len(name) + 1; size > namesLine {
			return names[:i]
		}
	}
	return names
}
