package load

import (
	"bytes"
	"fmt"
	"strings"
)

// state is where a member stands.
type state uint8

const (
	connecting state = iota // until the server's welcome
	joining                 // until the end of the names of the last channel
	present
	closed
)

// member is one connection. Its shard owns it.
type member struct {
	shard  *shard
	local  int // in the shard
	number int // in the crowd
	state  state
	slow   bool   // one of those that have been stalled
	toJoin int    // channels whose names have not come yet
	tries  int    // to connect, that failed
	rest   []byte // the beginning of a line
	last   string // the last line that was an error
	wire   wire

	event uint64   // id of the last event of a bus that it got, if ids are noted
	past  *catchUp // while it catches up
}

// wire is a member's connection: to write a line or two, and to end it.
type wire interface {
	send(b []byte)
	shut()
}

// hello begins the registration.
func (m *member) hello() {
	var b bytes.Buffer
	o := &m.shard.crowd.Options
	caps := ""
	if o.Caps != nil {
		caps = o.Caps(m.number)
	}
	if caps != "" {
		b.WriteString("CAP REQ :" + caps + "\r\n")
	}
	if o.Password != "" {
		fmt.Fprintf(&b, "PASS %s\r\n", o.Password)
	}
	fmt.Fprintf(&b, "NICK %s%d\r\nUSER %[1]s 0 * :%[1]s\r\n", o.Nick, m.number)
	if caps != "" {
		b.WriteString("CAP END\r\n")
	}
	m.wire.send(b.Bytes())
}

// refusals are the numerics after which a member will not get in.
var refusals = map[string]bool{
	"403": true, "405": true, "432": true, "433": true, "437": true, "464": true, "465": true,
	"471": true, "473": true, "474": true, "475": true, "476": true, "477": true, "480": true,
}

// control takes a line that is not one of the publishers'.
func (m *member) control(line []byte) {
	command, rest := parse(line)
	switch command {
	case "PING":
		m.wire.send([]byte("PONG " + rest + "\r\n"))
	case "001":
		m.welcome()
	case "004":
		m.shard.crowd.named(rest)
	case "366": // RPL_ENDOFNAMES
		if m.state != joining {
			return
		}
		if m.toJoin--; m.toJoin == 0 {
			m.enter()
		}
	case "BATCH":
		if m.past != nil {
			m.past.batch(m, rest)
		}
	case "ERROR", "FAIL":
		m.last = string(line)
		if m.past != nil {
			m.shard.crowd.fail(fmt.Errorf("member %d cannot catch up: the server says %q", m.number, line))
		}
	case "CAP":
		if strings.Contains(rest, " NAK ") {
			m.shard.crowd.fail(fmt.Errorf("member %d: the server lacks one of the capabilities %s", m.number, m.shard.crowd.Caps(m.number)))
		}
	default:
		if refusals[command] && m.state < present {
			m.shard.crowd.fail(fmt.Errorf("member %d cannot come in: the server says %q", m.number, line))
		}
	}
}

// welcome joins the channels.
func (m *member) welcome() {
	channels := m.shard.crowd.Channels(m.number)
	m.state, m.toJoin = joining, len(channels)
	m.wire.send([]byte("JOIN " + strings.Join(channels, ",") + "\r\n"))
}

// enter is called in all channels: who was here before catches up first.
func (m *member) enter() {
	if m.shard.crowd.Reconnect && m.event > 0 {
		m.past = &catchUp{}
		m.past.ask(m)
		return
	}
	m.state = present
	m.shard.joined(m)
}

// parse splits a line into its command and what follows it; tags and source are
// left out.
func parse(line []byte) (command, rest string) {
	for len(line) > 0 && (line[0] == '@' || line[0] == ':') {
		_, line, _ = bytes.Cut(line, []byte(" "))
		line = bytes.TrimLeft(line, " ")
	}
	word, after, _ := bytes.Cut(line, []byte(" "))
	return string(word), string(after)
}

// named keeps the server's name and version, out of RPL_MYINFO.
func (c *Crowd) named(params string) {
	if words := strings.Fields(params); len(words) >= 3 && c.server.Load() == nil {
		name := words[2]
		c.server.Store(&name)
	}
}
