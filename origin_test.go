package ircbus_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ircbus/ircbus"
)

// TestOrigin: who comes through an unlisted proxy has no address to be trusted by,
// and one to be counted by that is not loopback's.
func TestOrigin(t *testing.T) {
	hidden := func(peer string) string { return ircbus.BehindProxy{Peer: netip.MustParseAddrPort(peer)}.String() }
	here, known := netip.IPv4Unspecified(), netip.MustParseAddr
	for remote, want := range map[string]ircbus.Origin{
		"192.0.2.7:1":                  {Addr: known("192.0.2.7"), Counted: known("192.0.2.7")},
		"[::ffff:127.0.0.1]:1":         {Addr: known("127.0.0.1"), Counted: known("127.0.0.1")},
		"[fe80::1%eth0]:1":             {Addr: known("fe80::1%eth0"), Counted: known("fe80::1%eth0")},
		"@":                            {},
		"":                             {},
		"pipe":                         {},
		hidden("192.0.2.7:1"):          {Counted: known("192.0.2.7")},
		hidden("127.0.0.1:1"):          {Counted: here},
		hidden("[::1]:1"):              {Counted: here},
		hidden("[::ffff:127.0.0.1]:1"): {Counted: here},
		ircbus.BehindProxy{}.String():  {Counted: here},
	} {
		if diff := cmp.Diff(want, ircbus.OriginOf(remote), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%q (-want +got)\n%s", remote, diff)
		}
	}
}
