package ircbus

import (
	"net/netip"
	"strings"
)

// Origin is where a connection or a request comes from.
type Origin struct {
	// Addr is the address by which the bus trusts; invalid if it is not known, as on
	// a Unix socket or behind a proxy that is not listed.
	Addr netip.Addr

	// Counted is the address under which limits count. It is Addr if that is known.
	// Behind a proxy it is the proxy's, but never one of loopback, which has no
	// limits; invalid only if there is no network at all.
	Counted netip.Addr
}

// BehindProxy is the other end of a connection on which a proxy speaks for others
// without our knowing for whom: it is not listed, or does not say. It is a net.Addr,
// and its text is what http.Request.RemoteAddr has in this case.
type BehindProxy struct{ Peer netip.AddrPort }

const behindProxy = "unknown behind "

// Network implements net.Addr.
func (BehindProxy) Network() string { return "tcp" }

// String implements net.Addr.
func (p BehindProxy) String() string { return behindProxy + p.Peer.String() }

// anyProxyHere counts those who come through proxies on this machine.
var anyProxyHere = netip.IPv4Unspecified()

// OriginOf reads the text of a remote address: of a net.Addr or an http.Request.
func OriginOf(remote string) Origin {
	peer, hidden := strings.CutPrefix(remote, behindProxy)
	ap, err := netip.ParseAddrPort(peer)
	addr := ap.Addr().Unmap()
	switch {
	case err != nil && hidden:
		return Origin{Counted: anyProxyHere}
	case err != nil:
		return Origin{}
	case !hidden:
		return Origin{addr, addr}
	case addr.IsLoopback():
		return Origin{Counted: anyProxyHere}
	}
	return Origin{Counted: addr}
}
