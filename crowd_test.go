package ircbus_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ircbus/ircbus"
)

// One address cannot take all the room, the bus's own host can.
func TestCrowd(t *testing.T) {
	c := ircbus.NewCrowd(2)
	in := func(address string) func() {
		t.Helper()
		leave, ok := c.Enter(netip.MustParseAddr(address))
		if !ok {
			t.Fatalf("%s may not enter", address)
		}
		return leave
	}
	out := func(address string) {
		t.Helper()
		if _, ok := c.Enter(netip.MustParseAddr(address)); ok {
			t.Fatalf("%s has entered", address)
		}
	}
	leave := []func(){in("192.0.2.1"), in("192.0.2.1"), in("192.0.2.2"), in("2001:db8::1"), in("2001:db8::2:1"), in("2001:db8:0:1::1")}
	out("192.0.2.1")
	out("2001:db8::3")
	for range 5 {
		leave = append(leave, in("127.0.0.1"), in("::1"))
	}
	leave[0]()
	leave[0] = in("192.0.2.1")
	for _, f := range leave {
		f()
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "2001:db8::1"} {
		if n := c.Len(netip.MustParseAddr(address)); n != 0 {
			t.Errorf("when all have left, %d are in from %s", n, address)
		}
	}
}

// A network of many addresses has its share, too.
func TestCaseA11CrowdOfNeighbours(t *testing.T) {
	for _, from := range []string{"192.0.2.%d", "2001:db8:1:%d::1"} {
		c := ircbus.NewCrowd(2)
		for i := range 10 {
			_, ok := c.Enter(netip.MustParseAddr(fmt.Sprintf(from, i)))
			if want := i < 8; ok != want {
				t.Errorf("the address %d of %s may enter: %v", i, from, ok)
			}
		}
		if _, ok := c.Enter(netip.MustParseAddr("198.51.100.1")); !ok {
			t.Error("another network may not enter")
		}
	}
}
