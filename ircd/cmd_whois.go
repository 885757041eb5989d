package ircd

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// cmdWhois describes people, by their nicks or by masks of these
// (modern.ircdocs.horse/#whois-message). A publisher is there whether it is
// connected or not.
func (c *client) cmdWhois(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		return numeric("431", "No nick given")
	}
	asked := msg.Params[0]
	if len(msg.Params) > 1 {
		server := asked
		asked = msg.Params[1]
		if ircbus.Fold(server) != ircbus.Fold(c.srv.cfg.Name) && c.srv.nicks[foldNick(server)] == nil {
			return numeric("402", clip(server), "There is no such server")
		}
	}
	nicks, err := splitTargets(asked)
	if err != nil {
		return err
	}
	for _, nick := range nicks {
		c.answer("WHOIS", c.whois(nick))
	}
	c.reply("318", clip(asked), "End of WHOIS")
	return nil
}

// whois describes one person, or those that fit a mask.
func (c *client) whois(nick string) error {
	var found []presence
	if strings.ContainsAny(nick, "*?") {
		found = c.findPeople(nick, maxWhois, func(p *person, mask *ircbus.Glob) bool { return mask.Match(p.nick) })
	} else if p := c.srv.nicks[foldNick(nick)]; p != nil {
		found = []presence{{person: p}}
	}
	for _, p := range found {
		c.describePerson(p.person)
	}
	if len(found) == 0 {
		return errNoSuchNick(nick)
	}
	return nil
}

func (c *client) describePerson(p *person) {
	c.reply("311", p.nick, p.user, p.host, "*", p.real)
	for _, some := range wrap(c.channelsOf(p), namesLine) {
		if len(some) > 0 {
			c.reply("319", p.nick, strings.Join(some, " "))
		}
	}
	c.reply("312", p.nick, c.srv.cfg.Name, c.srv.cfg.Network)
	if p.isOperator() {
		c.reply("313", p.nick, "is an operator of this server")
	}
	if p.account != "" {
		if foldNick(p.nick) == foldNick(p.account) {
			c.reply("307", p.nick, "has identified for this nick")
		}
		c.reply("330", p.nick, p.account, "is logged in as")
	}
	if p.isBot() {
		c.reply("335", p.nick, "is a bot")
	}
	if p.away != "" {
		c.reply("301", p.nick, p.away)
	}
	switch {
	case p.publisher == nil:
		c.describeConnections(p)
	case len(p.clients) == 0:
		c.reply("320", p.nick, "publishes on this bus and is not connected by IRC now")
	}
}

// maxAddresses is how many connections of one person WHOIS shows.
const maxAddresses = 10

// describeConnections tells what only somebody has who is connected.
func (c *client) describeConnections(p *person) {
	if c.seesInto(p) {
		for _, one := range p.clients[:min(len(p.clients), maxAddresses)] {
			c.reply("378", p.nick, "is connecting from "+one.conn.whence())
			if cert := one.conn.certificate(); cert != nil {
				c.reply("276", p.nick, fmt.Sprintf("has client certificate fingerprint %x", sha256.Sum256(cert.Raw)))
			}
		}
		if modes := p.modes(); modes != "+" {
			c.reply("379", p.nick, "is using modes "+modes)
		}
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
	} else if p == c.person {
		for _, v := range c.views.all() {
			names = append(names, v.name)
		}
	}
	for _, m := range p.channels.all() {
		if p == c.person || m.channel.members[c.person] != nil || !m.channel.has('s') && !p.invisible {
			names = append(names, m.prefix(c.caps.has(capMultiPrefix))+m.channel.name)
		}
	}
	slices.Sort(names)
	return names
}
