package prism

import (
	"bufio"
	"context"
	"errors"
	"net"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

const (
	maxLine   = 64 << 10         // bytes, of a line with JSON
	firstWait = 30 * time.Second // for the first byte
	// After that, silence is the end: netcat waits for us to close, and many
	// senders leave the line end of their last line out.
	nextWait  = time.Second
	lineBatch = 256 // lines stored at once

	maxSkipped = 1 << 20 // bytes of a line that is too long, before the connection ends
)

// serveConn takes each line of a connection as a message. It reads on when what
// it has is on disk, and returns when all is: that the connection is closed then
// is the only answer there is.
func (s *Source) serveConn(ctx context.Context, conn net.Conn) {
	sender := door.Remote(conn.RemoteAddr())
	conn = door.BelowScreen(conn, func(below net.Conn) net.Conn { return &patient{below, firstWait} })
	lines := bufio.NewReaderSize(conn, maxLine)
	for more := true; more; {
		var inputs []door.Input
		for n := 0; n < lineBatch; n++ {
			line, err := door.ReadLine(lines, door.LineEnds)
			if errors.Is(err, bufio.ErrBufferFull) {
				s.in.Received(1)
				s.in.Refuse(door.Malformed, sender.String(), ircbus.Refuse(ircbus.EventTooLarge, "a line has more than %d bytes", maxLine))
				line, err = nil, skipLine(lines)
			}
			if input, ok := s.line(ctx, line, conn); ok {
				inputs = append(inputs, input)
			}
			if more = err == nil; !more || !door.HasLine(lines, door.LineEnds) {
				break
			}
		}
		s.in.Keep(ctx, inputs...)
	}
}

// skipLine reads to the end of a line that is too long, unless it is longer still.
func skipLine(lines *bufio.Reader) (err error) {
	for range maxSkipped / maxLine {
		if _, err = door.ReadLine(lines, door.LineEnds); !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	return err
}

// patient reads from a connection until it is silent.
type patient struct {
	net.Conn
	wait time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(p.wait)); err != nil {
		return 0, err
	}
	n, err := p.Conn.Read(b)
	p.wait = nextWait
	return n, err
}

// line makes the input of a line; false if nothing of it is taken.
func (s *Source) line(ctx context.Context, line []byte, conn net.Conn) (door.Input, bool) {
	from := ircbus.OriginOf(conn.RemoteAddr().String())
	m, err := ParseLine(line)
	if m == nil && err == nil {
		return door.Input{}, false // an empty line
	}
	door.Heard(ctx)
	s.in.Received(1)
	if err != nil {
		s.in.Refuse(door.Malformed, from.Addr.String(), err)
		return door.Input{}, false
	}
	sender, err := s.identify(ctx, m, from)
	if err != nil {
		return door.Input{}, false
	}
	if ok, _ := s.storm.Pass(sender, m.Text); !ok {
		s.in.Refuse(door.Rate, sender, errStorm)
		return door.Input{}, false
	}
	input, err := s.address(m, m.event(), sender)
	if err != nil { // nobody can be told; who exists gets it
		s.in.Refuse(door.Target, sender, err)
	}
	return input, true
}
