package ircd

import "github.com/ergochat/irc-go/ircmsg"

// cmdNames lists who is in channels (modern.ircdocs.horse/#names-message). One
// line ends the list, with what was asked for.
func (c *client) cmdNames(msg *ircmsg.Message) error {
	if len(msg.Params) == 0 || msg.Params[0] == "" {
		c.reply("366", "*", "End of NAMES")
		return nil
	}
	names, err := splitTargets(msg.Params[0])
	if err != nil {
		return err
	}
	if len(names) == 1 {
		if t := c.find(names[0]); t != nil {
			c.replyNames(t)
			return nil
		}
	}
	for _, name := range names {
		if t := c.find(name); t != nil {
			c.replyMembers(t)
		}
	}
	c.reply("366", clip(msg.Params[0]), "End of NAMES")
	return nil
}

// namesLine is how many bytes of names go into one line.
const namesLine = 300

func (c *client) replyNames(t *target) {
	c.replyMembers(t)
	c.reply("366", t.name, "End of NAMES")
}

func (c *client) replyMembers(t *target) {
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
}

// kind is the symbol of a channel in NAMES: secret or public.
func (t *target) kind() string {
	if t.channel != nil && t.channel.has('s') {
		return "@"
	}
	return "="
}

// presence is a person with the rank in the channel asked about, if any.
type presence struct {
	*person
	rank
}

// present lists whom the client sees in a channel: in a feed the publishers and
// itself (docs/protocol.md, "Channels").
func (c *client) present(t *target) []presence {
	var all []presence
	if t.feed != nil {
		for _, pub := range t.feed.feed.publishers {
			all = append(all, presence{pub.person, rank{voice: true}})
		}
		if c.views.get(foldChan(t.name)) != nil && !t.feed.feed.allows(c.publisher) {
			all = append(all, presence{person: c.person})
		}
		return all
	}
	inside := t.channel.members[c.person] != nil
	for p, m := range t.channel.members {
		if inside || !p.invisible {
			all = append(all, presence{p, m.rank})
		}
	}
	return all
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
