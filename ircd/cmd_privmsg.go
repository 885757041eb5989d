package ircd

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// maxTargets is how many recipients, or people, or channels one line may name in
// most commands (modern.ircdocs.horse/#targmax-parameter).
const maxTargets = 4

func splitTargets(list string) ([]string, error) {
	targets := strings.Split(list, ",")
	if len(targets) > maxTargets {
		return nil, numeric("407", clip(targets[maxTargets]), "At most "+itoa(maxTargets)+" names in one line")
	}
	return targets, nil
}

// cmdPrivmsg sends PRIVMSG, NOTICE and TAGMSG between people
// (modern.ircdocs.horse/#privmsg-message). What publishers publish goes another
// way, see take.
func (c *client) cmdPrivmsg(msg *ircmsg.Message) error {
	params := msg.Params
	if len(params) == 0 || params[0] == "" {
		return numeric("411", "No recipient given ("+msg.Command+")")
	}
	text := params[1:min(2, len(params))]
	switch {
	case msg.Command == "TAGMSG":
		text = nil
	case (len(text) == 0 || text[0] == "") && c.publishesIn(params[0]) != nil:
		return refused(msg.Command, params[0], ircbus.Refuse(ircbus.InvalidEvent, "the event has no fields"))
	case len(text) == 0 || text[0] == "":
		return numeric("412", "No text to send")
	}
	targets, err := splitTargets(params[0])
	if err != nil {
		return err
	}
	if err := errService(targets); err != nil {
		return err
	}
	tags := clientTags(msg)
	for _, target := range targets {
		m := c.message(msg.Command, append([]string{target}, text...)...)
		m.client = tags
		c.answer(msg.Command, unlessNotice(msg.Command, c.say(m)))
	}
	c.touch()
	return nil
}

// cmdNotice is answered only as unlessNotice says.
func (c *client) cmdNotice(msg *ircmsg.Message) error {
	return unlessNotice("NOTICE", c.cmdPrivmsg(msg))
}

// unlessNotice is the error of a command, and nil for that of a NOTICE: it is
// not answered, so that programs cannot talk for ever
// (modern.ircdocs.horse/#notice-message). But what a publisher tries to publish with
// it is refused like any event, and a line that is too long is by any command.
func unlessNotice(command string, err error) error {
	var fail *failure
	var reply *ircError
	if command == "NOTICE" && !errors.As(err, &fail) && !(errors.As(err, &reply) && reply.numeric == "417") {
		return nil
	}
	return err
}

// say sends to one target, the message's first parameter. With prefixes before
// a channel's name only members of that rank get it
// (modern.ircdocs.horse/#statusmsg-parameter).
func (c *client) say(m message) error {
	target := m.params[0]
	if m.command == "TAGMSG" && (ircbus.IsService(target) || m.client == "" && c.srv.feedOf(target) == nil) {
		return nil
	}
	m.msgid = c.srv.nextMessageID()
	name := strings.TrimLeft(target, prefixes)
	if !strings.HasPrefix(name, "#") {
		return c.sayTo(target, m)
	}
	ch := c.srv.channels[foldChan(name)]
	if ch == nil {
		return c.sayInFeed(m.command, name)
	}
	if err := ch.hears(c, m); err != nil {
		return err
	}
	if err := m.relayed(); err != nil {
		return err
	}
	if err := c.busy(ch); err != nil {
		return err
	}
	prefix := target[:len(target)-len(name)]
	if prefix == "" {
		c.srv.sent.add(sent{msgid: m.msgid, from: c.person, channel: foldChan(ch.name)})
		c.srv.keep(ch, &m)
	}
	m.share()
	for p, r := range ch.members {
		if !r.reached(prefix) {
			continue
		}
		for _, other := range p.clients {
			if other != c {
				other.hear(m)
			}
		}
	}
	c.echo(m)
	return nil
}

// hear receives somebody's message; TAGMSG only with message-tags.
func (c *client) hear(m message) {
	if m.command != "TAGMSG" || c.caps.has(capMessageTags) {
		c.send(m)
	}
}

// echo shows the sender his own message
// (ircv3.net/specs/extensions/echo-message).
func (c *client) echo(m message) {
	if c.caps.has(capEchoMessage) && (m.command != "TAGMSG" || c.caps.has(capMessageTags)) {
		c.respond(m)
	}
}

// hears says why the client may not say this in the channel, or nil.
func (ch *channel) hears(c *client, m message) error {
	switch r := ch.members[c.person]; {
	case r == nil && ch.has('n'):
		return errCannotSend(ch.name, "Only members may speak here (+n)")
	case ch.has('C') && m.isRequest():
		return errCannotSend(ch.name, "CTCP is not wanted here, except ACTION (+C)")
	case r != nil && (r.op || r.voice):
		return nil
	case ch.has('m'):
		return errCannotSend(ch.name, "Only operators and voiced members may speak here (+m)")
	case ch.mutes(c.person):
		return errCannotSend(ch.name, "You are banned from speaking here (+b)")
	}
	return nil
}

// sayInFeed says why not.
func (c *client) sayInFeed(command, target string) error {
	fn := c.srv.feedOf(target)
	if fn == nil {
		return errNoSuchChannel(target, "There is no such channel")
	}
	r := ircbus.Refuse(ircbus.NotPublisher, "only its publishers speak in %s", fn.name)
	switch {
	case c.publisher == nil && command == "NOTICE":
		return nil // see unlessNotice
	case command == "TAGMSG":
		r = ircbus.Refuse(ircbus.InvalidEvent, "a message without a text is no event")
	case fn.feed.allows(c.publisher):
		r = ircbus.Refuse(ircbus.NotPublisher, "events are published in %s alone, one channel a line", fn.feed.packed.name)
	}
	c.srv.refuse(r)
	return refused(command, target, r)
}

// feedOf returns the feed's channel of which a name is that of a view, or nil.
func (s *Server) feedOf(view string) *feedName {
	base, _, _ := strings.Cut(view, "?")
	return s.feeds[foldChan(base)]
}

// sayTo sends to all connections with a nick, and shows it to the sender's other
// connections if they want echoes.
func (c *client) sayTo(nick string, m message) error {
	p := c.srv.nicks[foldNick(nick)]
	switch {
	case p == nil && m.command == "PRIVMSG" && c.nearPublisher(nick) != "":
		return numeric("401", clip(nick), "There is nobody with this nick"+ircbus.DidYouMean(c.nearPublisher(nick)))
	case p == nil:
		return errNoSuchNick(nick)
	case p.publisher != nil && c.ask(p.publisher, m):
		return nil
	case len(p.clients) == 0:
		return errNotConnected(p)
	}
	m.params[0] = p.nick
	if err := cmp.Or(m.relayed(), c.tooManyTargets(nick)); err != nil {
		return err
	}
	c.srv.sent.add(sent{msgid: m.msgid, from: c.person, to: p})
	c.keepPrivate(p, &m)
	for _, other := range p.clients {
		other.hear(m)
	}
	if p != c.person {
		for _, other := range c.clients {
			if other != c && other.caps.has(capEchoMessage) {
				other.hear(m)
			}
		}
	}
	c.echo(m)
	if p.away != "" && m.command == "PRIVMSG" {
		c.reply("301", p.nick, p.away)
	}
	return nil
}

// nextMessageID is the msgid of a message between people. It cannot be
// mistaken for an event's id.
func (s *Server) nextMessageID() string {
	s.messages++
	return "m" + strconv.FormatInt(s.started.UnixMicro(), 36) + "-" + strconv.FormatUint(s.messages, 36)
}

// clientTags writes those of a message's client-only tags that are passed on.
func clientTags(msg *ircmsg.Message) string {
	var tags []string
	for name, value := range msg.ClientOnlyTags() {
		if ircbus.IsOwnTag(name) {
			continue // what looks like the bus's own word comes from nobody else
		}
		if value != "" {
			name += "=" + ircmsg.EscapeTagValue(value)
		}
		tags = append(tags, name)
	}
	slices.Sort(tags)
	return strings.Join(tags, ";")
}
