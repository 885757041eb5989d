package ircd

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ergochat/irc-go/ircmsg"
)

// cmdTopic shows or sets a topic (modern.ircdocs.horse/#topic-message).
func (c *client) cmdTopic(msg *ircmsg.Message) error {
	name := msg.Params[0]
	t := c.find(name)
	switch {
	case t == nil:
		return errNoSuchChannel(name, "There is no such channel")
	case len(msg.Params) == 1:
		if t.feed == nil && t.channel.topic == "" {
			c.reply("331", t.name, "No topic is set")
		} else {
			c.replyTopic(t)
		}
		return nil
	case t.feed != nil:
		return errNotOperator(name, "The topic of a publisher's channel is fixed")
	}
	ch := t.channel
	mine := ch.members[c.person]
	switch {
	case mine == nil:
		return errNotOnChannel(name)
	case ch.has('t') && !mine.op:
		return errNotOperator(name, "Only operators set the topic here (+t)")
	}
	if err := limited("The topic", msg.Params[1], maxTopicLen); err != nil {
		return err
	}
	ch.topic, ch.topicBy, ch.topicAt = msg.Params[1], c.source(), time.Now()
	set := c.message("TOPIC", ch.name, ch.topic)
	c.srv.keep(ch, &set)
	ch.sendOthers(c, set)
	c.respond(set)
	return nil
}

// replyTopic gives the topic, if there is one.
func (c *client) replyTopic(t *target) {
	var topic, by string
	var at time.Time
	if fn := t.feed; fn != nil {
		topic, by, at = fn.topic(c.srv.cfg.HTTP), fn.feed.publishers[0].source, fn.created
	} else {
		topic, by, at = t.channel.topic, t.channel.topicBy, t.channel.topicAt
	}
	if topic != "" {
		c.reply("332", t.name, topic)
		c.reply("333", t.name, by, itoa(at.Unix()))
	}
}

// cut shortens a text to at most max bytes, between characters.
func cut(text string, max int) string {
	if len(text) <= max {
		return text
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return strings.TrimSpace(text[:max])
}
