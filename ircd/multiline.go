package ircd

import (
	"strconv"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// textLine is one line of a message of several lines
// (ircv3.net/specs/extensions/multiline).
type textLine struct {
	text   string
	concat bool // goes on where the line before ended; else a new line begins
}

// capsMultiline are what a client needs to get or send a message of several
// lines as one.
const capsMultiline = capMultiline | capBatch

// maxMultiline limits, in bytes, the text of a message of several lines: the
// largest event must fit in, with its id.
func (s *Server) maxMultiline() int {
	body := s.cfg.MaxBody
	if body == 0 {
		body = ircbus.MaxBody
	}
	return body + len("id=18446744073709551615&")
}

// maxMultilines limits how many lines such a message has. The largest event
// needs fewer in the view with the longest name.
func (s *Server) maxMultilines() int { return s.maxMultiline()/ircbus.MinPart + 1 }

func (s *Server) multilineLimits() string {
	return "max-bytes=" + strconv.Itoa(s.maxMultiline()) + ",max-lines=" + strconv.Itoa(s.maxMultilines())
}

// splitText cuts a text between characters into lines of at most max bytes
// that join to it.
func splitText(text string, max int) []textLine {
	var lines []textLine
	for len(text) > max {
		end := max
		for end > max-utf8.UTFMax && !utf8.RuneStart(text[end]) {
			end--
		}
		lines = append(lines, textLine{text[:end], len(lines) > 0})
		text = text[end:]
	}
	return append(lines, textLine{text, len(lines) > 0})
}

// appendLines writes a message of several lines as a batch, whose opening has
// all tags; one by one for who does not know such batches.
func (m *message) appendLines(dst []byte, caps capSet) []byte {
	if !m.isBatch(caps) {
		for _, single := range m.forCaps(caps) {
			dst = single.append(dst, caps)
		}
		return dst
	}
	ref := m.msgid // nothing else that is open at the same time has this name
	opening := *m
	opening.lines = nil
	opening.command, opening.params = "BATCH", []string{"+" + ref, "draft/multiline", m.params[0]}
	dst = opening.append(dst, caps)
	for _, line := range m.lines {
		part := message{source: m.source, command: m.command, params: []string{m.params[0], line.text}, batch: ref, concat: line.concat}
		dst = part.append(dst, caps)
	}
	end := message{source: m.source, command: "BATCH", params: []string{"-" + ref}, batch: m.batch}
	return end.append(dst, caps)
}

// isBatch reports whether a client with these capabilities gets a message of
// several lines as a batch, which its msgid names.
func (m *message) isBatch(caps capSet) bool { return caps.has(capsMultiline) && m.msgid != "" }

// forCaps is the message for a client with these capabilities: itself, or each
// of its lines as a message, the first alone with the msgid.
func (m *message) forCaps(caps capSet) []message {
	if len(m.lines) == 0 || m.isBatch(caps) {
		return []message{*m}
	}
	var single []message
	for _, line := range m.lines {
		if line.text == "" {
			continue // an empty PRIVMSG is not a message
		}
		one := *m
		one.lines, one.params = nil, []string{m.params[0], line.text}
		if len(single) > 0 {
			one.msgid = ""
		}
		single = append(single, one)
	}
	return single
}

// packed is how a client with these capabilities gets a stored event in a
// channel or view: m with its text, or, if the event is longer than a line,
// either m of several lines, or a message for each of its parts
// (docs/protocol.md, "A packed line").
func (m message) packed(name string, id ircbus.ID, fields ircbus.Fields, caps capSet) []message {
	m.command, m.msgid = "PRIVMSG", strconv.FormatUint(uint64(id), 10)
	m.params = []string{name}
	room := m.room()
	texts := ircbus.Pack(id, fields, room)
	if len(texts) > 1 && caps.has(capsMultiline) {
		m.params = []string{name}
		m.lines = splitText("id="+m.msgid+"&"+fields.Encode(), room)
		return []message{m}
	}
	messages := make([]message, len(texts))
	for i, text := range texts {
		m.params = []string{name, text}
		messages[i] = m
	}
	return messages
}
