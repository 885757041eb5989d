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
	stalled // does not read, or did not
	closed
)

// member is one connection. Its shard owns it.
type member struct {
	shard  *shard
	local  int // in the shard
	number int // in the crowd
	state  state
	toJoin int    // channels whose names have not come yet
	tries  int    // to connect, that failed
	rest   []byte // the beginning of a line
	last   string // the last line that was an error
	wire   wire

	resume uint64 // the id of the last event that it got, of those that were stalled
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
	tags := o.Tags != nil && o.Tags(m.number)
	if tags {
		b.WriteString("CAP REQ :message-tags\r\n")
	}
	if o.Password != "" {
		fmt.Fprintf(&b, "PASS %s\r\n", o.Password)
	}
	fmt.Fprintf(&b, "NICK %s%d\r\nUSER %[1]s 0 * :%[1]s\r\n", o.Nick, m.number)
	if tags {
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
			m.state = present
			m.shard.joined(m)
		}
	case "ERROR", "FAIL":
		m.last = string(line)
		m.told(rest)
	case "CAP":
		if strings.Contains(rest, " NAK ") {
			m.shard.crowd.fail(fmt.Errorf("member %d: the server has no message-tags", m.number))
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
