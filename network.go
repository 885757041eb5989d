package ircbus

import "net/netip"

// Network is where an address is counted by all limits of the bus. The zero
// value is the network of who has no address.
type Network struct {
	// Narrow is what one customer of a provider has: an IPv4 address, or an IPv6
	// /64.
	Narrow netip.Prefix
	// Wide is what somebody may have many of the narrow ones in: an IPv4 /24, or
	// an IPv6 /48.
	Wide netip.Prefix
}

// NetworkOf returns the network of an address. An IPv4 address that is written as
// one of IPv6 is the same address, and a zone does not matter.
func NetworkOf(addr netip.Addr) Network {
	addr = addr.Unmap().WithZone("")
	narrow, wide := 32, 24
	if addr.Is6() {
		narrow, wide = 64, 48
	}
	var n Network // stays zero if the address is
	n.Narrow, _ = addr.Prefix(narrow)
	n.Wide, _ = addr.Prefix(wide)
	return n
}

// IsValid reports whether there is an address in it.
func (n Network) IsValid() bool { return n.Narrow.IsValid() }
