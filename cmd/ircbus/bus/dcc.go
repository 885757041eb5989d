package bus

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus/ircd"
)

// DCC configures files sent by DCC SEND.
type DCC struct {
	Ports   string `toml:"ports"`   // first-last, "" = none
	Address string `toml:"address"` // IP address told to clients, "" = the one they are connected to
}

func (d DCC) check(found *checker) {
	if _, _, err := d.ports(); err != nil {
		found.add(err, "dcc", "ports")
	}
	if _, err := netip.ParseAddr(d.Address); d.Address != "" && err != nil {
		found.add(fmt.Errorf("%q is not an IP address", d.Address), "dcc", "address")
	}
}

func (d DCC) ports() (first, last uint16, err error) {
	if d.Ports == "" {
		return 0, 0, nil
	}
	a, b, isRange := strings.Cut(d.Ports, "-")
	if !isRange {
		b = a
	}
	low, err1 := strconv.ParseUint(strings.TrimSpace(a), 10, 16)
	high, err2 := strconv.ParseUint(strings.TrimSpace(b), 10, 16)
	if err1 != nil || err2 != nil || low == 0 || high < low {
		return 0, 0, fmt.Errorf("%q must be ports like 50000-50100", d.Ports)
	}
	return uint16(low), uint16(high), nil
}

// irc is the configuration as the IRC server takes it; check has seen it.
func (d DCC) irc() (c ircd.DCC) {
	c.First, c.Last, _ = d.ports()
	c.Address, _ = netip.ParseAddr(d.Address)
	return c
}
