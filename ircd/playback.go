package ircd

import (
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// playBack adds a thing of the past to the answer, as it was seen when it
// happened. stamp is written before the text for people.
func (c *client) playBack(p past, r *record, stamp string) {
	var messages []message
	if feed, ok := p.(*feedPast); ok {
		messages = c.srv.oldEvent(feed.of, feed.name, r.event, c.caps, stamp)
	} else {
		messages = oldMessage(r.message, c.caps, stamp)
	}
	for _, m := range messages {
		c.respond(m)
	}
}

// oldEvent is a stored event as Deliver shows it in a view of this name.
func (s *Server) oldEvent(fn *feedName, name string, e *ircbus.Event, caps capSet, stamp string) []message {
	r := s.rendering(e)
	m := message{source: r.source, at: e.At, exact: !fn.isText, account: e.Publisher, bot: true}
	if !fn.isText {
		return m.packed(name, e.ID, e.Fields, caps)
	}
	m.msgid = strconv.FormatUint(uint64(e.ID), 10)
	if gone := r.redaction; r.redacts && caps.has(capRedaction) {
		m.command, m.params = "REDACT", []string{name, itoa(gone.Target)}
		if gone.Reason != "" {
			room := m.room() - len(itoa(gone.Target)+" ")
			m.params = append(m.params, shorten(oneLine(gone.Reason), room))
		}
		return []message{m}
	}
	m.command, m.params = "PRIVMSG", []string{name}
	text := r.readable(m.room() - len(stamp))
	if isBlank(text) {
		return nil
	}
	m.params = append(m.params, stamp+text)
	if caps.has(capMessageTags) {
		m.client = r.packedTag()
	}
	return []message{m}
}

// oldMessage is a kept message as it was sent to clients with these
// capabilities.
func oldMessage(kept *ircbus.Message, caps capSet, stamp string) []message {
	m := message{
		source: kept.Source, command: kept.Command, params: kept.Params, at: kept.At,
		msgid: kept.MsgID, account: kept.Account, bot: kept.Bot, client: kept.Tags,
	}
	switch m.command {
	case "TAGMSG":
		if !caps.has(capMessageTags) {
			return nil
		}
	case "JOIN":
		if len(m.params) > 1 && !caps.has(capExtendedJoin) {
			m.params = m.params[:1]
		}
	case "PRIVMSG", "NOTICE":
		if len(m.params) == 2 {
			m.setText(m.params[1], stamp)
		}
	}
	return m.forCaps(caps)
}

// setText makes the message one of several lines if it was one.
func (m *message) setText(text, stamp string) {
	if rest, ok := strings.CutPrefix(text, actionPrefix); ok {
		text = actionPrefix + stamp + rest
	} else {
		text = stamp + text
	}
	m.params = []string{m.params[0], text}
	room := m.room()
	if !strings.Contains(text, "\n") && len(text) <= room {
		return
	}
	m.params, m.lines = m.params[:1], nil
	for part := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(part, actionPrefix) {
			m.lines = append(m.lines, spreadAction(part, room)...)
		} else {
			m.lines = append(m.lines, splitText(part, room)...)
		}
	}
}
