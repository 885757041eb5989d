package ircd

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestConnectRate: who comes back too often is told to wait; others come in.
func TestConnectRate(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.ConnectRate = 3 })
	const want = "ERROR :Closing Link: 2001:db8::9 (Too many connections from your address within a minute (limit 3): wait that long)"
	for i := range 3 {
		u := b.dialFrom(fmt.Sprintf("2001:db8::%d", i), plainConn)
		u.send("QUIT")
		u.rest()
	}
	u := b.dialFrom("2001:db8::9", plainConn)
	if got := u.line(); got != want && !strings.HasPrefix(got, "ERROR :Too many connections from your address within a minute (limit 3)") {
		t.Error(got)
	}
	other := b.dialFrom("2001:db8:0:1::1", plainConn)
	other.send("PING x")
	other.until("PONG")
	for range 5 {
		b.dial().fence() // from this machine
	}
}

// TestCaseA11Connections: twelve /64 of one /48 have four times as many connections as
// one of them, and four times as many newcomers; those that are refused take no room
// while they say nothing. Others come in.
func TestCaseA11Connections(t *testing.T) {
	for name, test := range map[string]struct {
		limits func(*Limits)
		want   string
	}{
		"open":     {func(l *Limits) { l.PerAddress = 2 }, "Too many connections from your network 2001:db8::/48 (limit 8)"},
		"a minute": {func(l *Limits) { l.ConnectRate = 2 }, "Too many connections from your network 2001:db8::/48 within a minute (limit 8): wait that long"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBus(t, func(c *Config) { test.limits(&c.Limits) })
			for i := range 8 {
				u := b.dialFrom(fmt.Sprintf("2001:db8:0:%x::1", i), plainConn)
				u.send("PING x")
				u.until("PONG")
			}
			for i := range 4 {
				u := b.dialFrom(fmt.Sprintf("2001:db8:0:%x::1", 8+i), plainConn)
				if got := u.line(); !strings.Contains(got, test.want) {
					t.Error(got)
				}
			}
			for _, addr := range []string{"2001:db8:1::1", "127.0.0.1"} {
				u := b.dialFrom(addr, plainConn)
				u.send("PING x")
				u.until("PONG")
			}
		})
	}
}

// TestCaseA11Refused: of those who are too many no more than a few are told, and held,
// at one time.
func TestCaseA11Refused(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.PerAddress = 2 })
	addr := netip.MustParseAddr("192.0.2.7")
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	for i := range 100 {
		why, ok := b.admits(addr)
		if ok != (i < 2+toldAtOnce) || ok && (why == "") != (i < 2) {
			t.Errorf("connection %d: %q, %v", i, why, ok)
		}
	}
	if n := b.addresses[netip.MustParsePrefix("192.0.2.7/32")]; n != 2+toldAtOnce {
		t.Errorf("%d are counted", n)
	}
}

// TestNewcomers: it forgets, and does not grow without bound.
func TestNewcomers(t *testing.T) {
	var n newcomers
	now := time.Now()
	network := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
	}
	for i := range maxNewcomers + 10 {
		n.add(network(i), now)
	}
	if len(n.counts) != maxNewcomers || n.add(network(0), now) != 2 || n.add(network(maxNewcomers+1), now) != 0 {
		t.Errorf("%d are counted", len(n.counts))
	}
	if got := n.add(network(0), now.Add(newcomersTime)); got != 1 || len(n.counts) != 1 {
		t.Errorf("a minute later: %d of %d", got, len(n.counts))
	}
}

// TestFlood: too much in a channel, too many nicks, too many people written to:
// each is refused with the limit, for who is not an operator.
func TestFlood(t *testing.T) {
	b := newBus(t, func(c *Config) {
		c.Limits.ChannelLines, c.Limits.Nicks, c.Limits.Targets = 0.01, 2, 2
	})
	founder, alice := b.user("founder"), b.user("alice")
	founder.send("JOIN #talk")
	founder.fence()
	alice.send("JOIN #talk", "PRIVMSG #talk :one", "PRIVMSG #talk :two")
	if got := strings.Join(alice.fence(), "\n"); !strings.Contains(got, " 404 alice #talk :More than 0.01 messages a second") {
		t.Errorf("two messages: %s", got)
	}
	founder.send("PRIVMSG #talk :order, please")
	alice.until("order, please")

	b.user("ann")
	b.user("ben")
	b.user("cleo")
	alice.send("PRIVMSG ann :hi", "PRIVMSG ben :hi", "PRIVMSG ann :hi", "PRIVMSG cleo :hi")
	if got := alice.fence(); len(got) != 1 || !strings.Contains(got[0], " 439 alice cleo :You have written to 2 people") {
		t.Errorf("three people: %q", got)
	}
	alice.send("NICK a1", "NICK a2", "NICK a3")
	got := alice.fence()
	if len(got) != 3 || !strings.Contains(got[2], " 438 a2 a3 :You have changed your nick more than 2 times") {
		t.Errorf("three nicks: %q", got)
	}

	oper := b.user("oper")
	oper.send("OPER oper secret", "JOIN #talk")
	oper.until(" 366 ")
	oper.send("PRIVMSG #talk :one", "PRIVMSG #talk :two", "PRIVMSG ann,ben,cleo :hi", "NICK o1", "NICK o2", "NICK o3")
	if got := strings.Join(oper.fence(), "\n"); strings.Contains(got, " 404 ") || strings.Contains(got, " 43") {
		t.Errorf("an operator: %s", got)
	}
}
