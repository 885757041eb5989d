package door

import (
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/ircbus/ircbus"
)

// Loopback is who may send where the configuration names nobody.
var Loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

var errSender = errors.New("the sender's address is not allowed")

// Allowed reports whether one of the networks has the address.
func Allowed(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Remote is the other end of a connection; invalid if it has no address, as on a
// Unix socket.
func Remote(addr net.Addr) netip.Addr { return ircbus.OriginOf(addr.String()).Addr.WithZone("") }
