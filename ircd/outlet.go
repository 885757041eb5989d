package ircd

import (
	"crypto/tls"
	"errors"
	"net"
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
	held    []byte // records that wait for those after them; nil: none do
}

// maxRecord is what TLS puts into one record, in bytes (RFC 8446, section 5.1).
const maxRecord = 16 << 10

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
	switch {
	case o.attempt == nil:
		return o.Conn.Write(b)
	case o.held != nil:
		o.held = append(o.held, b...)
		return len(b), nil
	}
	return o.write(b)
}

// write writes what the system takes; the rest waits. mu is held.
func (o *outlet) write(b []byte) (n int, err error) {
	if len(o.rest) == 0 {
		if n, err = o.attempt.write(o.raw, b); err != nil {
			return n, err
		}
	}
	if len(o.rest)+len(b)-n > maxOutlet {
		return n, errOutlet
	}
	o.rest = append(o.rest, b[n:]...)
	return len(b), nil
}

// hold keeps the records that come, in memory with room for them, until release
// writes them together: a call of the system for each would cost as much as the
// encryption.
func (o *outlet) hold(memory []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.held = memory[:0]
}

// release returns the memory, too.
func (o *outlet) release() (memory []byte, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	memory, o.held = o.held, nil
	_, err = o.write(memory)
	return memory, err
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

// seeOff writes what waits with write, which waits for the client meanwhile. One
// writer at a time may call it.
func (o *outlet) seeOff(write func(net.Conn, []byte) (int, error)) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.rest) > 0 {
		b := o.rest
		o.mu.Unlock()
		n, err := write(o.Conn, b)
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
