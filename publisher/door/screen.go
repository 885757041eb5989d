package door

import (
	"errors"
	"io"
	"net"

	"github.com/ircbus/ircbus"
)

var errPage = errors.New("it is a request of HTTP, or TLS or STUN, as a web page can let a browser send it: nothing in it is read")

// screened is a connection whose first line is looked at before anybody reads it:
// if a browser has sent it, nothing is read and the connection ends.
type screened struct {
	net.Conn
	in   *Inlet
	done bool   // it has been looked at
	held []byte // was read, and is not given on yet
}

// Screen keeps what a web page lets a browser send from a door that reads lines.
// Such a connection is counted as refused.
func Screen(in *Inlet, conn net.Conn) net.Conn { return &screened{Conn: conn, in: in} }

// BelowScreen lets a door that Conns serves read through wrap, also while the first
// line is looked at, and returns the connection.
func BelowScreen(conn net.Conn, wrap func(net.Conn) net.Conn) net.Conn {
	s, ok := conn.(*screened)
	if !ok {
		return wrap(conn)
	}
	s.Conn = wrap(s.Conn)
	return s
}

// Read implements net.Conn.
func (s *screened) Read(b []byte) (int, error) {
	for !s.done {
		more := make([]byte, max(len(b), 512))
		n, err := s.Conn.Read(more)
		s.held = append(s.held, more[:n]...)
		is, maybe := ircbus.FromPage(s.held)
		if err != nil && maybe { // no more will come: then its line may have no end
			is, _ = ircbus.FromPage(append(s.held, '\n'))
		}
		switch {
		case is:
			return 0, s.refuse()
		case err != nil && len(s.held) == 0:
			return 0, err
		}
		s.done = !maybe || err != nil // the next read says the error again
	}
	if len(s.held) > 0 {
		n := copy(b, s.held)
		if s.held = s.held[n:]; len(s.held) == 0 {
			s.held = nil
		}
		return n, nil
	}
	return s.Conn.Read(b)
}

func (s *screened) refuse() error {
	s.held = nil
	s.in.Received(1)
	s.in.Refuse(Malformed, Remote(s.RemoteAddr()).String(), errPage)
	s.Conn.Close()
	return io.EOF
}
