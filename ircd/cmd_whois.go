package ircd

import (
	"slices"
	"strings"
	"time"

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
	p, ok := c.srv.personByNick(nick)
	if !ok {
		c.answer("WHOIS", errNoSuchNick(nick))
		c.reply("318", clip(nick), "End of WHOIS")
		return nil
	}
	c.reply("311", p.nick, p.user, p.host, "*", p.real)
	if channels := c.channelsOf(p); len(channels) > 0 {
		c.reply("319", p.nick, strings.Join(channels, " "))
	}
	c.reply("312", p.nick, c.srv.cfg.Name, c.srv.cfg.Network)
	if p.account != "" {
		c.reply("330", p.nick, p.account, "is logged in as")
	}
	if p.bot {
		c.reply("335", p.nick, "is a bot")
	}
	c.whoisState(p)
	c.reply("318", p.nick, "End of WHOIS")
	return nil
}

// whoisState tells what only a connection has.
func (c *client) whoisState(p person) {
	if p.client == nil {
		if pub := c.srv.publishers[foldNick(p.nick)]; len(pub.clients) == 0 {
			c.reply("320", p.nick, "publishes on this bus and is not connected by IRC now")
		}
		return
	}
	if p.client.away != "" {
		c.reply("301", p.nick, p.client.away)
	}
	if p.client == c {
		c.reply("378", p.nick, "is connecting from "+c.conn.addr.String())
	}
	if p.client.conn.isSecure() {
		c.reply("671", p.nick, "is using a secure connection")
	}
	c.reply("317", p.nick, itoa(p.client.idle()), itoa(p.client.since.Unix()), "seconds idle, signon time")
}

// channelsOf lists the channels of somebody that c may know of: a publisher's
// own feeds, nobody's else.
func (c *client) channelsOf(p person) []string {
	var names []string
	if p.client == nil {
		for _, fn := range c.srv.feeds {
			if fn.feed.allows(c.srv.publishers[foldNick(p.nick)]) {
				names = append(names, "+"+fn.name)
			}
		}
	} else {
		for _, m := range p.client.joined {
			switch {
			case p.client == c:
			case m.channel == nil, m.channel.members[c] == nil && (m.channel.has('s') || p.client.invisible):
				continue
			}
			names = append(names, m.prefix(c.caps.has(capMultiPrefix))+m.name)
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

func (c *client) idle() int { return int(time.Since(c.lastActive) / time.Second) }
