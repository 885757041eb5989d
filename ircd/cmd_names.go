package ircd

import (
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdNames lists who is in a channel (modern.ircdocs.horse/#names-message).
func (c *client) cmdNames(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 {
		c.reply("366", "*", "End of NAMES")
		return nil
	}
	for name := range strings.SplitSeq(msg.Params[0], ",") {
		if t := c.find(name); t != nil {
			c.replyNames(t)
		} else {
			c.reply("366", clip(name), "End of NAMES")
		}
	}
	return nil
}

// namesLine is how many bytes of names go into one line.
const namesLine = 300

func (c *client) replyNames(t *target) {
	var line []byte
	flush := func() {
		if len(line) > 0 {
			c.reply("353", t.kind(), t.name, string(line[1:]))
			line = line[:0]
		}
	}
	for _, p := range c.present(t) {
		name := p.prefix(c.caps.has(capMultiPrefix)) + p.nick
		if c.caps.has(capUserhostInNames) {
			name += "!" + p.user + "@" + p.host
		}
		if len(line)+len(name) > namesLine {
			flush()
		}
		line = append(append(line, ' '), name...)
	}
	flush()
	c.reply("366", t.name, "End of NAMES")
}

// kind is the symbol of a channel in NAMES: secret or public.
func (t *target) kind() string {
	if t.channel != nil && t.channel.has('s') {
		return "@"
	}
	return "="
}

// person is somebody as others see him: a client, or a publisher whether it is
// connected or not.
type person struct {
	membership // rank in the channel asked about, if any
	nick       string
	user, host string
	real       string
	account    string
	away       bool
	bot        bool
	client     *client // nil for a publisher
}

func (c *client) person() person {
	if c.publisher != nil {
		return c.publisher.person(c.srv.cfg.Name)
	}
	return person{nick: c.nick, user: c.user, host: c.host, real: c.real, account: c.account,
		away: c.away != "", bot: c.bot, client: c}
}

func (p *publisher) person(server string) person {
	real := p.Wiki.Name
	if real == "" {
		real = p.name
	}
	return person{nick: p.name, user: p.name, host: server, real: real, account: p.name, bot: true}
}

// present lists whom the client sees in a channel: in a feed the publishers and
// itself (docs/protocol.md, "Channels").
func (c *client) present(t *target) []person {
	var all []person
	if t.feed != nil {
		for _, pub := range t.feed.feed.publishers {
			p := pub.person(c.srv.cfg.Name)
			p.voice = true
			all = append(all, p)
		}
		if c.joined[foldChan(t.name)] != nil && !t.feed.feed.allows(c.publisher) {
			all = append(all, c.person())
		}
		return all
	}
	inside := t.channel.members[c] != nil
	for other, m := range t.channel.people() {
		if p := other.person(); inside || !other.invisible {
			p.op, p.voice = m.op, m.voice
			all = append(all, p)
		}
	}
	return all
}
