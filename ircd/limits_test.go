package ircd

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestRegistrationTimeout(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Registration = 50 * time.Millisecond })
	u := b.dial()
	u.nc.Write([]byte("NICK alice\r\n")) // which comes too late if this machine is busy
	if got := u.line(); got != "ERROR :Registration took longer than 50ms" {
		t.Error(got)
	}
}

func TestPingTimeout(t *testing.T) {
	atSomePace(t, 100*time.Millisecond, func(ping time.Duration) error {
		b := newBus(t, func(c *Config) { c.Limits.Ping = ping })
		u := b.user("alice")
		for range 3 {
			if got := u.line(); got != "PING :irc.test" {
				return errors.New(got)
			}
			u.send("PONG irc.test")
		}
		if got := u.line(); got != "PING :irc.test" {
			return errors.New(got)
		}
		if got, want := u.line(), fmt.Sprintf("ERROR :Ping timeout: no answer for %v", ping); got != want {
			return fmt.Errorf("%s instead of %s", got, want)
		}
		return nil
	})
}

func TestLinesLimit(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Lines, c.Limits.Burst = 20, 5 })
	u := b.user("alice")
	for i := range 10 {
		u.send(fmt.Sprint("PING ", i))
	}
	lines := u.until("PONG irc.test 9")
	if !strings.Contains(strings.Join(lines, "\n"), "NOTICE alice :You send more than 20 lines a second") {
		t.Errorf("got %q", lines)
	}
	pub := b.publisher("moin")
	for i := range 100 {
		pub.send(fmt.Sprint("PING ", i))
	}
	for _, line := range pub.until("PONG irc.test 99") {
		if strings.Contains(line, "NOTICE") {
			t.Errorf("a publisher got %s", line)
		}
	}
}

func TestChannelLimits(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Channels, c.Limits.Filters = 3, 2 })
	u := b.user("alice")
	u.send("JOIN #moin?page=1,#moin?page=2,#moin?page=3")
	if all := strings.Join(u.fence(), "\n"); !strings.Contains(all, "405 alice #moin?page=3 :#moin has 2 different filters") {
		t.Error(all)
	}
	u.send("JOIN #a,#b")
	if all := strings.Join(u.fence(), "\n"); !strings.Contains(all, "405 alice #b :You are in 3 channels, the limit") {
		t.Error(all)
	}
}

// TestExcessFlood: who goes on and on is told why this is the end.
func TestExcessFlood(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Lines, c.Limits.Burst, c.Limits.Flood = 100, 1, 50*time.Millisecond })
	u := b.user("alice")
	u.send(strings.Repeat("PONG x\r\n", 1000))
	if lines := u.rest(); len(lines) == 0 || lines[len(lines)-1] != "ERROR :Excess flood: more than 100 lines a second for 50ms" {
		t.Errorf("got %q", lines)
	}
}

func TestAddressLimit(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.PerAddress = 2 })
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	for i, addr := range []string{"192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"} {
		want := [][2]int{{1, 1}, {2, 2}, {1, 1}, {2, 2}, {1, 3}}[i]
		if narrow, wide := b.countAddress(netip.MustParseAddr(addr), 1); narrow != want[0] || wide != want[1] {
			t.Errorf("%s is the network's connection %d, %d, want %v", addr, narrow, wide, want)
		}
	}
	if b.countAddress(netip.MustParseAddr("192.0.2.1"), -2); len(b.addresses) != 3 {
		t.Errorf("%d networks are counted", len(b.addresses))
	}
}
