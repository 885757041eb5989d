package ircd

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
)

// NewTLSListener is tls.NewListener for Serve: to its connections the server can
// write without a goroutine that waits, as it does without TLS.
func NewTLSListener(l net.Listener, config *tls.Config) net.Listener {
	return &tlsListener{l, config}
}

type tlsListener struct {
	net.Listener
	config *tls.Config
}

func (l *tlsListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tls.Server(&outlet{Conn: nc}, l.config), nil
}

// outlet is the connection below TLS. TLS cannot write a part of a record: so what
// the system does not take at once waits here, once the handshake is over, until
// the writer sees it off. Who writes, be it TLS itself in answer to the client,
// never waits for the client.
type outlet struct {
	net.Conn // static

	mu      sync.Mutex
	attempt *attempt // nil: writing waits, as the handshake does
	raw     syscall.RawConn
	rest    []byte
}

// maxOutlet limits what may wait in an outlet: it is written to only while
// nothing is there, but for a client that has TLS answer it again and again.
const maxOutlet = 2*maxChunk + 4<<10

var errOutlet = errors.New("the client has TLS answer, and does not read it")

// open ends the time in which writing waits, if that is possible on this
// connection.
func (o *outlet) open() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if raw, err := socket(o.Conn); err == nil {
		o.raw, o.attempt = raw, newAttempt()
	}
}

func (o *outlet) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.attempt == nil {
		return o.Conn.Write(b)
	}
	n := 0
	if len(o.rest) == 0 {
		var err error
		if n, err = o.attempt.write(o.raw, b); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
	if len(o.rest)+len(b)-n > maxOutlet {
		return n, errOutlet
	}
	o.rest = append(o.rest, b[n:]...)
	return len(b), nil
}

// isOpen reports whether writing does not wait any more.
func (o *outlet) isOpen() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.attempt != nil
}

// waits reports whether something waits to be seen off.
func (o *outlet) waits() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rest) > 0
}

// seeOff writes what waits, and waits for the client meanwhile. One writer at a
// time may call it.
func (o *outlet) seeOff() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.rest) > 0 {
		b := o.rest
		o.mu.Unlock()
		n, err := o.Conn.Write(b)
		o.mu.Lock()
		o.rest = o.rest[n:]
		if err != nil {
			return err
		}
	}
	o.rest = nil
	return nil
}

// NetConn is the connection that the outlet is of.
func (o *outlet) NetConn() net.Conn { return o.Conn }
