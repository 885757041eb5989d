package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Target is the server under load and how to get in.
type Target struct {
	Addr     string      // host:port
	TLS      *tls.Config // nil is plain
	Nick     string      // with which every nick begins
	Password string      // of the server (PASS); "" is none

	resolved netip.AddrPort
}

// Resolve looks the address up, once.
func (t *Target) Resolve() error {
	addr, err := net.ResolveTCPAddr("tcp", t.Addr)
	if err != nil {
		return fmt.Errorf("the address %q is not host:port of a server: %w", t.Addr, err)
	}
	t.resolved = addr.AddrPort()
	t.resolved = netip.AddrPortFrom(t.resolved.Addr().Unmap(), t.resolved.Port())
	if !t.resolved.Addr().IsValid() {
		t.resolved = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), t.resolved.Port())
	}
	return nil
}

// perSource is how many connections come from one address of this machine: there
// are 28,232 ephemeral ports, unless somebody has changed that.
const perSource = 25_000

// dialTimeout bounds one connection, TLS handshake included.
const dialTimeout = 60 * time.Second

// dialConn makes the n-th connection.
func (t *Target) dialConn(ctx context.Context, n int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	d := net.Dialer{}
	if from := source(t.resolved.Addr(), n); from.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	nc, err := d.DialContext(ctx, "tcp", t.resolved.String())
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", t.Addr, err)
	}
	if t.TLS == nil {
		return nc, nil
	}
	secure := tls.Client(nc, t.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, fmt.Errorf("no TLS with %s: %w", t.Addr, err)
	}
	return secure, nil
}

// source is the address that the n-th connection to a server comes from, or the
// zero address if that does not matter. Over loopback there are several, because
// one has not ports enough.
func source(to netip.Addr, n int) netip.Addr {
	if !to.Is4() || !to.IsLoopback() || n < perSource {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + n/perSource)})
}
