package bus

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pires/go-proxyproto"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// proxyPatience is how long a proxy may take to say for whom it connects; after
// that it connects for itself.
const proxyPatience = 10 * time.Second

// proxyListener takes connections of which the listed proxies may say, by the
// PROXY protocol (version 1 or 2), where they come from. They need not: those for
// HTTP have X-Forwarded-For. From others the header means nothing, so that IRC
// and HTTP refuse it like any noise.
//
// Nobody waits for a silent proxy: the header of each connection is read by a
// goroutine of its own.
type proxyListener struct {
	net.Listener // static
	proxies      []netip.Prefix
	log          *slog.Logger
	ctx          context.Context // ends with Close
	cancel       context.CancelFunc

	accepted chan accepted
	begin    sync.Once
	running  sync.WaitGroup
}

// accepted is what Accept returns.
type accepted struct {
	conn net.Conn
	err  error
}

// behindProxies lets the proxies say where connections come from.
func behindProxies(l net.Listener, proxies []netip.Prefix, log *slog.Logger) net.Listener {
	if len(proxies) == 0 {
		return l
	}
	p := &proxyListener{Listener: l, proxies: proxies, log: log, accepted: make(chan accepted)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Accept returns the next connection whose origin is known.
func (l *proxyListener) Accept() (net.Conn, error) {
	l.begin.Do(func() { l.running.Go(l.accept) })
	select {
	case a := <-l.accepted:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Addrs are where it listens; see door.Addrs.
func (l *proxyListener) Addrs() []net.Addr { return door.Addrs(l.Listener) }

// Close also closes the connections whose origin is not known yet.
func (l *proxyListener) Close() error {
	l.cancel()
	err := l.Listener.Close()
	l.begin.Do(func() {}) // nothing begins any more
	l.running.Wait()
	return err
}

// accept takes connections from the listener below until Close.
func (l *proxyListener) accept() {
	for l.ctx.Err() == nil {
		conn, err := l.Listener.Accept()
		if err == nil && listed(l.proxies, conn.RemoteAddr()) {
			l.running.Go(func() { l.ask(conn) })
			continue
		}
		l.hand(conn, err)
	}
}

// hand gives Accept something to return.
func (l *proxyListener) hand(conn net.Conn, err error) {
	select {
	case l.accepted <- accepted{conn, err}:
	case <-l.ctx.Done():
		if conn != nil {
			conn.Close()
		}
	}
}

// ask reads what a proxy says about its connection.
func (l *proxyListener) ask(conn net.Conn) {
	stop := context.AfterFunc(l.ctx, func() { conn.Close() })
	told, err := readOrigin(conn, proxyPatience)
	stop()
	if err != nil {
		l.log.Warn("a proxy's connection is refused: its PROXY header is bad", "proxy", conn.RemoteAddr().String(), "err", err)
		conn.Close()
		return
	}
	l.hand(told, nil)
}

// readOrigin reads the PROXY header, if there is one, and returns the connection
// as coming from where that says.
func readOrigin(conn net.Conn, patience time.Duration) (net.Conn, error) {
	reader := bufio.NewReaderSize(conn, 512)
	header, err := proxyproto.ReadHeaderTimeout(conn, reader, patience)
	told := &proxiedConn{Conn: conn, begun: reader, from: conn.RemoteAddr()}
	switch {
	case errors.Is(err, proxyproto.ErrNoProxyProtocol):
		return told, nil
	case err != nil:
		return nil, err
	}
	told.from = toldOrigin(header, conn.RemoteAddr())
	return told, nil
}

// toldOrigin is where a connection comes from that has such a header. A proxy may
// connect for itself (LOCAL). If it does not say for whom, or names loopback, which
// is its own unless it is on this machine, nobody knows.
func toldOrigin(header *proxyproto.Header, proxy net.Addr) net.Addr {
	peer := ircbus.OriginOf(proxy.String()).Addr
	from, ok := header.SourceAddr.(*net.TCPAddr)
	switch {
	case header.Command == proxyproto.LOCAL && header.Version == 2:
		return proxy
	case ok && header.Command == proxyproto.PROXY && (peer.IsLoopback() || !from.IP.IsLoopback()):
		return from
	}
	hidden, _ := netip.ParseAddrPort(proxy.String()) // without an address it is hidden all the same
	return ircbus.BehindProxy{Peer: hidden}
}

// proxiedConn is a connection that comes from where its proxy has said.
type proxiedConn struct {
	net.Conn
	from  net.Addr
	begun *bufio.Reader // what was read with the header; nil when used up
}

// RemoteAddr is where the connection comes from, not the proxy.
func (c *proxiedConn) RemoteAddr() net.Addr { return c.from }

// Read first gives what came together with the header.
func (c *proxiedConn) Read(b []byte) (int, error) {
	if c.begun != nil && c.begun.Buffered() > 0 {
		return c.begun.Read(b[:min(len(b), c.begun.Buffered())])
	}
	c.begun = nil
	return c.Conn.Read(b)
}

// NetConn is the connection to the proxy.
func (c *proxiedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite tells the other side that no more will come.
func (c *proxiedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// listed reports whether the address is in one of the networks.
func listed(networks []netip.Prefix, from net.Addr) bool {
	tcp, ok := from.(*net.TCPAddr)
	if !ok {
		return false
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(address) })
}
