package ircd

import (
	"errors"
	"time"
)

// reply adds a numeric or another line from the server to the answer.
func (c *client) reply(command string, params ...string) {
	c.respond(message{
		source: c.srv.cfg.Name, command: command,
		params: append([]string{c.name()}, params...), at: time.Now(),
	})
}

// respond adds a line to the answer to the current command.
func (c *client) respond(m message) {
	if c.response == nil {
		c.response, c.srv.response = c.srv.response, nil
	}
	if len(m.lines) > 0 {
		c.response = append(c.response, m.forCaps(c.caps)...)
		return
	}
	c.response = append(c.response, m)
}

// send queues a message that does not answer a command.
func (c *client) send(m message) { c.conn.queueUnasked(m.bytes(c.caps)) }

// unasked lets say add lines that answer no command and sends them, while an
// answer may be in the making.
func (c *client) unasked(say func()) {
	response, arriving, label := c.response, c.arriving, c.label
	c.response, c.arriving, c.label = nil, nil, ""
	say()
	c.flush()
	c.response, c.arriving, c.label = response, arriving, label
}

// notice tells the client something from the server.
func (c *client) notice(text string) {
	m := message{source: c.srv.cfg.Name, command: "NOTICE", params: []string{c.name(), text}, at: time.Now()}
	for _, line := range m.inLines() {
		c.send(line)
	}
}

// answer turns a command's error into a reply.
func (c *client) answer(command string, err error) {
	var mistake *ircError
	var fail *failure
	switch {
	case err == nil:
	case errors.As(err, &mistake):
		c.reply(mistake.numeric, mistake.params...)
	case errors.As(err, &fail):
		c.fail(fail)
	default:
		c.log().Error("a command failed", "command", command, "err", err)
		c.reply("400", clip(command), "Internal error: the bus's log says more")
	}
}

func (c *client) fail(f *failure) {
	c.respond(f.message(c.srv.cfg.Name, c.name(), c.caps))
	if f.code == codeNotUTF8 && !c.caps.has(capStandardReplies) {
		c.reply("404", f.command, f.reason)
	}
}

// message is what a client of this name and with these capabilities is told.
func (f *failure) message(server, client string, caps capSet) message {
	about := make([]string, 0, 1+len(f.more))
	for _, what := range append([]string{f.context}, f.more...) {
		if what != "" {
			about = append(about, clip(what))
		}
	}
	m := message{source: server, command: f.numeric, at: time.Now()}
	switch {
	case f.knows(caps):
		m.command, m.params = "FAIL", append([]string{f.command, f.code}, about...)
	case f.numeric == "": // modern.ircdocs.horse/#errunknownerror-400
		m.command, m.params = "400", append([]string{client, f.command}, about...)
	case len(about) == 0:
		m.params = []string{client, f.command}
	default:
		m.params = []string{client, about[0]}
	}
	m.params = append(m.params, f.reason)
	return m
}

// flush queues the answer, labelled if the command was
// (ircv3.net/specs/extensions/labeled-response), and the places that begin
// after it.
func (c *client) flush() {
	if line := c.compose(); len(line) > 0 || len(c.arriving) > 0 {
		c.conn.queue(line, c.arriving...)
	}
	c.arriving = nil
}

// respondBatch adds the lines that fn adds as a batch
// (ircv3.net/specs/extensions/batch). The client must have asked for them.
func (c *client) respondBatch(kind string, params []string, fn func()) {
	c.batches++
	ref := "b" + itoa(c.batches)
	c.respond(message{source: c.srv.cfg.Name, command: "BATCH", params: append([]string{"+" + ref, kind}, params...)})
	start := len(c.response)
	fn()
	for i := range c.response[start:] {
		if line := &c.response[start+i]; line.batch == "" { // else it is in one inside
			line.batch = ref
		}
	}
	c.respond(message{source: c.srv.cfg.Name, command: "BATCH", params: []string{"-" + ref}})
}

// wrap spreads words over lines of at most room bytes, with a byte between two
// words. There is at least one line.
func wrap(words []string, room int) [][]string {
	lines, size := [][]string{nil}, -1
	for _, word := range words {
		last := len(lines) - 1
		if size += 1 + len(word); size > room && len(lines[last]) > 0 {
			lines, size = append(lines, []string{word}), len(word)
			continue
		}
		lines[last] = append(lines[last], word)
	}
	return lines
}

// maxSpareAnswer is how many bytes, and a hundredth of them lines, of an answer
// have room that is kept for the next, whose ever it is.
const maxSpareAnswer = 16 << 10

// compose encodes the answer and begins a new one. The bytes are valid until the
// next call for any client.
func (c *client) compose() []byte {
	s := c.srv
	line := appendAnswer(s.answer[:0], c.response, c.label, s.cfg.Name, c.caps)
	if cap(line) <= maxSpareAnswer {
		s.answer = line[:0]
	}
	clear(c.response)
	if cap(c.response) <= maxSpareAnswer/100 {
		s.response = c.response[:0]
	}
	c.response, c.label = nil, ""
	return line
}

// appendAnswer appends the lines of an answer, labelled if what they answer was.
func appendAnswer(dst []byte, lines []message, label, server string, caps capSet) []byte {
	switch {
	case label == "" || !caps.has(capLabeledResponse):
	case len(lines) == 0:
		lines = []message{{source: server, command: "ACK", label: label}}
	case len(lines) == 1:
		lines[0].label = label
	case !caps.has(capBatch): // a client that may not ask for this
		lines[len(lines)-1].label = label
	default:
		const ref = "r" // one is open at a time
		begin := message{source: server, command: "BATCH", params: []string{"+" + ref, "labeled-response"}, label: label}
		dst = begin.append(dst, caps)
		for i := range lines {
			if lines[i].batch == "" { // else it is in a batch inside this one
				lines[i].batch = ref
			}
		}
		lines = append(lines, message{source: server, command: "BATCH", params: []string{"-" + ref}})
	}
	for i := range lines {
		dst = lines[i].append(dst, caps)
	}
	return dst
}
