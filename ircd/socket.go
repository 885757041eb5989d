package ircd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"syscall"
	"time"
)

// What the system keeps for a connection, in bytes without its own bookkeeping: so a
// reader that stalls does not fill some megabytes there, and then there is room for
// its last words. Most systems allow 208 KiB.
const (
	sendBuffer = 128 << 10
	lastBuffer = 512 << 10
)

// setSendBuffer says how many bytes may wait in the system, if that can be said.
func (c *conn) setSendBuffer(bytes int) {
	if b, ok := bottom(c.net).(interface{ SetWriteBuffer(int) error }); ok {
		b.SetWriteBuffer(bytes) // or else the system decides
	}
}

// descriptor is the number of the socket below a connection; -1 if it has none
// that we can see.
func descriptor(nc net.Conn) int32 {
	found := int32(-1)
	if raw, err := socket(nc); err == nil {
		raw.Control(func(fd uintptr) { found = int32(fd) })
	}
	return found
}

// socket is the socket below a connection, if we can see it.
func socket(nc net.Conn) (syscall.RawConn, error) {
	if below, ok := bottom(nc).(syscall.Conn); ok {
		return below.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// bottom is the connection below all others.
func bottom(nc net.Conn) net.Conn {
	for {
		above, ok := nc.(interface{ NetConn() net.Conn }) // as *tls.Conn has it
		if !ok {
			return nc
		}
		nc = above.NetConn()
	}
}

// handshake completes TLS before anything else reads or writes.
func (c *conn) handshake(ctx context.Context, timeout time.Duration) error {
	tc, ok := c.net.(interface{ HandshakeContext(context.Context) error })
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		return err
	}
	if c.below != nil {
		c.below.open()
	}
	return nil
}

// isSecure reports whether TLS protects the connection, here or at a proxy that
// vouches for it.
func (c *conn) isSecure() bool {
	switch nc := c.net.(type) {
	case interface{ Secure() bool }:
		return nc.Secure()
	case tlsConn:
		return true
	}
	return false
}

// tlsConn is a connection that ends its TLS here.
type tlsConn interface{ ConnectionState() tls.ConnectionState }

// certificate is the one that the client has shown, nil if none. That it has the
// key is proven; who it is, nobody has checked. Valid after the handshake.
func (c *conn) certificate() *x509.Certificate {
	tc, ok := c.net.(tlsConn)
	if !ok {
		return nil
	}
	if shown := tc.ConnectionState().PeerCertificates; len(shown) > 0 {
		return shown[0]
	}
	return nil
}
