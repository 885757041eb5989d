package account

import (
	"net/netip"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

var (
	begin = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	owner = netip.MustParseAddr("192.0.2.1")
)

// botnet is the nth of many addresses.
func botnet(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestDelayDoubles(t *testing.T) {
	th := newThrottle()
	at := begin
	for i := range 30 {
		if wait := th.wait("ada", owner, at); wait > 0 {
			t.Fatalf("after %d failures one still waits %v", i, wait)
		}
		th.fail("ada", owner, false, at)
		want := time.Duration(0)
		if i >= 10 {
			want = min(time.Second<<(i-10), time.Minute)
		}
		if got := th.wait("ada", owner, at); got != want {
			t.Errorf("after %d failures: %v, want %v", i+1, got, want)
		}
		at = at.Add(want)
	}
	if at = at.Add(forgetAfter + 1); th.addresses.has(ircbus.NetworkOf(owner).Narrow, at) {
		t.Error("failures are never forgotten")
	}
	th.fail("ada", owner, false, at)
	if got := th.wait("ada", owner, at); got > 0 {
		t.Errorf("a failure long after: %v", got)
	}
}

// A botnet that guesses at one account cannot keep its owner out.
func TestLockOut(t *testing.T) {
	th := newThrottle()
	th.succeed("ada", owner)
	for i := range 1000 {
		th.fail("ada", botnet(i%300), false, begin)
	}
	if wait := th.wait("ada", botnet(0), begin); wait != time.Minute {
		t.Errorf("one that has failed waits %v", wait)
	}
	if wait := th.wait("ada", owner, begin); wait != 0 {
		t.Errorf("the owner at home waits %v", wait)
	}
	if wait := th.wait("ada", netip.MustParseAddr("198.51.100.7"), begin); wait == 0 || wait > 5*time.Second {
		t.Errorf("the owner elsewhere waits %v", wait)
	}
	if wait := th.wait("bob", netip.MustParseAddr("198.51.100.7"), begin); wait != 0 {
		t.Errorf("another account waits %v", wait)
	}
}

// An address that many share, such as a proxy's, is not closed by one of them to
// those who have come through it before; and knowing an address gives nobody
// more guesses.
func TestSharedAddress(t *testing.T) {
	th := newThrottle()
	th.succeed("bob", owner)
	th.succeed("ada", owner)
	for range 11 {
		th.fail("ada", owner, false, begin)
	}
	if wait := th.wait("ada", owner, begin); wait == 0 {
		t.Error("one can guess from a known address")
	}
	if wait := th.wait("bob", owner, begin); wait != 0 {
		t.Errorf("the neighbour waits %v", wait)
	}
	if wait := th.wait("eve", owner, begin); wait == 0 {
		t.Error("one can guess at other accounts")
	}
}

func TestSuccessDoesNotForgiveAnAddress(t *testing.T) {
	th := newThrottle()
	for range 15 {
		th.fail("ada", owner, false, begin)
		th.succeed("eve", owner)
	}
	if th.wait("ada", owner, begin) == 0 {
		t.Error("an attacker with an account guesses at the rest")
	}
}

func TestTablesAreBounded(t *testing.T) {
	th := newThrottle()
	for i := range 3 * maxAddresses {
		th.fail(botnet(i).String(), botnet(i), false, begin)
		th.succeed(botnet(i).String(), botnet(i))
	}
	if n := len(th.addresses.tallies); n > maxAddresses || n < maxAddresses/2 {
		t.Errorf("%d addresses", n)
	}
	if n := len(th.accounts.tallies); n > maxTargets {
		t.Errorf("%d accounts", n)
	}
	if n := max(len(th.pairs.tallies), len(th.known)); n > maxPairs {
		t.Errorf("%d pairs", n)
	}
	var c cache
	c.wrong = map[mac]struct{}{}
	for i := range 3 * maxWrong {
		c.again("ada", botnet(i).String())
	}
	if len(c.wrong) != maxWrong {
		t.Errorf("%d wrong secrets", len(c.wrong))
	}
}
