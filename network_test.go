package ircbus_test

import (
	"net/netip"
	"testing"

	"github.com/ircbus/ircbus"
)

func TestCaseA11NetworkOf(t *testing.T) {
	for address, want := range map[string][2]string{
		"192.0.2.7":             {"192.0.2.7/32", "192.0.2.0/24"},
		"::ffff:192.0.2.7":      {"192.0.2.7/32", "192.0.2.0/24"},
		"::ffff:192.0.2.7%eth0": {"192.0.2.7/32", "192.0.2.0/24"},
		"2001:db8:1:2:3::7":     {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::7%eth0":          {"fe80::/64", "fe80::/48"},
	} {
		n := ircbus.NetworkOf(netip.MustParseAddr(address))
		if got := [2]string{n.Narrow.String(), n.Wide.String()}; got != want || !n.IsValid() {
			t.Errorf("%s is counted under %v, want %v", address, got, want)
		}
	}
	if n := ircbus.NetworkOf(netip.Addr{}); n.IsValid() || n != (ircbus.Network{}) {
		t.Errorf("no address has the network %v", n)
	}
}
