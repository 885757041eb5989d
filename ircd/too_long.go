package ircd

import (
	"fmt"
	"strings"
)

// Nothing that people say is cut (docs/protocol.md, "Between people"): a text that
// does not fit into a line with its sender's name is refused, and a line of a batch,
// or what the server says, becomes several lines.

// errTextTooLong refuses a text that would have to be cut.
func errTextTooLong(what string, size, limit int) error {
	return numeric("417", fmt.Sprintf("%s has %d bytes, the limit is %d: it would be cut", what, size, limit))
}

// limited refuses a text of more than max bytes.
func limited(what, text string, max int) error {
	if len(text) > max {
		return errTextTooLong(what, len(text), max)
	}
	return nil
}

// room is how many bytes a text to the message's target has in a line.
func (m *message) room() int {
	return maxLine - len(":"+m.source+" "+m.command+" "+m.params[0]+" :\r\n")
}

// relayed makes what somebody says ready for others: a line of a batch becomes several
// if it is too long with the sender's name, a message of one line is refused.
func (m *message) relayed() error {
	switch {
	case m.command == "TAGMSG":
		return nil
	case len(m.lines) == 0:
		return m.fits()
	}
	return m.spread()
}

// spread makes the message one of several lines if its text, or a line of it, is
// too long for one. What is not for people to read (CTCP) is refused then.
func (m *message) spread() error {
	room, lines := m.room(), m.lines
	if len(lines) == 0 {
		if len(m.text()) <= room {
			return nil
		}
		lines = []textLine{{text: m.text()}}
	}
	var fitting []textLine
	for _, line := range lines {
		if strings.HasPrefix(line.text, "\x01") && len(line.text) > room {
			return errTextTooLong("The text", len(line.text), room)
		}
		pieces := splitText(line.text, room)
		pieces[0].concat = line.concat
		fitting = append(fitting, pieces...)
	}
	m.params, m.lines = m.params[:1:1], fitting
	return nil
}

// spreadAction is spread for what /me said, which some lines say again.
func spreadAction(text string, room int) (lines []textLine) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, actionPrefix), "\x01")
	for _, piece := range splitText(text, room-len(actionPrefix+"\x01")) {
		lines = append(lines, textLine{text: actionPrefix + piece.text + "\x01"})
	}
	return lines
}

// fits refuses a message of a single text that would be cut.
func (m *message) fits() error {
	text := m.params[len(m.params)-1]
	head := strings.Join(append([]string{":" + m.source, m.command}, m.params[:len(m.params)-1]...), " ")
	return limited("The text", text, maxLine-len(head)-len(" :\r\n"))
}

// shorten cuts a text for people to at most max bytes, and shows that.
func shorten(text string, max int) string {
	if len(text) <= max {
		return text
	}
	return cut(text, max-len("…")) + "…"
}

// inLines is a message from the server in as many lines as it takes.
func (m message) inLines() []message {
	if m.spread() != nil {
		return []message{m}
	}
	return m.forCaps(0)
}
