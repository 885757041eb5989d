package load

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// CatchUpCaps are the capabilities that a crowd with Reconnect must ask for.
const CatchUpCaps = "message-tags batch draft/chathistory"

// catchUp is how a member that was away gets what it has missed: it asks for
// everything after the last event that it knows until nothing more comes, and
// keeps what comes live meanwhile for afterwards.
type catchUp struct {
	reference string // of the batch of the answer; "" before it
	lines     int    // in the answer so far
	held      []Stamp
	ids       []uint64 // of held
}

// atOnce is how many old messages are asked for at a time: CHATHISTORY's limit.
const atOnce = 100

func (c *catchUp) ask(m *member) {
	*c = catchUp{held: c.held, ids: c.ids}
	channel := m.shard.crowd.Channels(m.number)[0]
	m.wire.send(fmt.Appendf(nil, "CHATHISTORY AFTER %s msgid=%d %d\r\n", channel, m.event, atOnce))
}

// take takes a line of a publisher.
func (c *catchUp) take(m *member, line []byte, s Stamp) {
	if c.reference == "" || !bytes.Contains(firstWord(line), []byte("batch="+c.reference)) {
		id := m.event
		m.noteID(line)
		c.held, c.ids = append(c.held, s), append(c.ids, m.event)
		m.event = id
		return
	}
	c.lines++
	m.noteID(line)
	m.shard.check.See(m.local, s)
}

// batch takes the beginning or the end of a batch.
func (c *catchUp) batch(m *member, params string) {
	words := strings.Fields(params)
	switch {
	case len(words) >= 2 && words[1] == "chathistory":
		c.reference = strings.TrimPrefix(words[0], "+")
	case len(words) == 0 || words[0] != "-"+c.reference:
	case c.lines == atOnce:
		c.ask(m)
	default:
		c.end(m)
	}
}

// end takes what came live and was not in the answers.
func (c *catchUp) end(m *member) {
	for i, s := range c.held {
		if c.ids[i] > m.event {
			m.event = c.ids[i]
			m.shard.check.See(m.local, s)
		}
	}
	m.past, m.state = nil, present
	m.shard.joined(m)
}

// noteID takes note of the id of an event.
func (m *member) noteID(line []byte) {
	if _, text, ok := bytes.Cut(line, []byte(" :id=")); ok {
		digits, _, _ := bytes.Cut(text, []byte("&"))
		if id, err := strconv.ParseUint(string(digits), 10, 64); err == nil {
			m.event = id
		}
	}
}
