package account

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

var (
	begin = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	owner = netip.MustParseAddr("192.0.2.1")
)

// botnet is the nth of many addresses, each in a network of its own.
func botnet(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10 + byte(n>>16), byte(n >> 8), byte(n), 1})
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
	th.succeed("ada", owner, begin)
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
	th.succeed("bob", owner, begin)
	th.succeed("ada", owner, begin)
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
		th.succeed("eve", owner, begin)
	}
	if th.wait("ada", owner, begin) == 0 {
		t.Error("an attacker with an account guesses at the rest")
	}
}

func TestTablesAreBounded(t *testing.T) {
	th := newThrottle()
	for i := range 3 * maxAddresses {
		th.fail(botnet(i).String(), botnet(i), false, begin)
		th.succeed(botnet(i).String(), botnet(i), begin)
	}
	if n := len(th.addresses.tallies); n > maxAddresses || n < maxAddresses/2 {
		t.Errorf("%d addresses", n)
	}
	if n := len(th.accounts.tallies); n > maxTargets {
		t.Errorf("%d accounts", n)
	}
	if n := max(len(th.pairs.tallies), len(th.known.days)); n > maxPairs {
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

// One customer's many /64 have a tally together, and the addresses of one /24. The
// owner, from a clean network, does not wait for them.
func TestCaseA11WideTally(t *testing.T) {
	for _, guesser := range []string{"2001:db8:1:%x::1", "203.0.113.%d"} {
		th := newThrottle()
		waited := 0
		for i := range 40 {
			from := netip.MustParseAddr(fmt.Sprintf(guesser, i))
			if th.wait("ada", from, begin) > 0 {
				waited++
				continue
			}
			th.fail("ada", from, false, begin)
		}
		if waited < 28 {
			t.Errorf("of 40 guesses from %s only %d had to wait", guesser, waited)
		}
		if wait := th.wait("ada", netip.MustParseAddr("198.51.100.7"), begin); wait != 0 {
			t.Errorf("the owner elsewhere waits %v", wait)
		}
		if wait := th.wait("bob", netip.MustParseAddr(fmt.Sprintf(guesser, 99)), begin); wait == 0 || wait > perNetwork.max {
			t.Errorf("a neighbour who was never seen waits %v", wait)
		}
	}
}

// However many others guess meanwhile, a clean network has its turn within five
// seconds of asking for it.
func TestCaseA11CleanTurn(t *testing.T) {
	th := newThrottle()
	attacker, at := 0, begin
	guess := func() {
		for range 50 {
			th.fail("ada", botnet(attacker), false, at)
			attacker++
		}
	}
	guess()
	first := th.wait("ada", owner, at)
	if first <= 0 || first > 5*time.Second {
		t.Fatalf("the owner waits %v", first)
	}
	for wait := first; wait > 0; wait = th.wait("ada", owner, at) {
		at = at.Add(time.Second)
		guess()
		if at.Sub(begin) > 5*time.Second {
			t.Fatalf("after %v the owner still waits", at.Sub(begin))
		}
	}
	th.succeed("ada", owner, at)
	guess()
	if wait := th.wait("ada", owner, at); wait != 0 {
		t.Errorf("who has logged in waits %v", wait)
	}
}

// From where an account has logged in is known after a restart.
func TestCaseA11Known(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logins.json")
	b := &book{byName: map[string]*record{"ada": {}}}
	before := newThrottle()
	before.succeed("ada", owner, begin)
	before.succeed("gone", owner, begin)
	before.succeed("ada", botnet(1), begin.Add(-knownDays*day))
	if err := before.saveKnown(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	after := newThrottle()
	if err := after.loadKnown(path, b, begin); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		after.fail("ada", botnet(2*i), false, begin)
		after.fail("ada", netip.MustParseAddr("192.0.2.77"), false, begin) // the owner's neighbour
	}
	if wait := after.wait("ada", owner, begin); wait != 0 {
		t.Errorf("the owner waits %v", wait)
	}
	if after.wait("ada", botnet(1), begin) == 0 || len(after.known.days) != 1 {
		t.Errorf("%v are known", after.known.days)
	}
	if err := os.WriteFile(path, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newThrottle().loadKnown(path, b, begin); err == nil {
		t.Error("a damaged file is not told of")
	}
}

// Twelve /64 of one customer leave room for others to register.
func TestCaseA17(t *testing.T) {
	for _, customer := range []string{"2001:db8:1:%x::1", "203.0.113.%d"} {
		b := &births{limit: PerHour, perNetwork: PerNetwork}
		made := 0
		for network := range 250 {
			for range PerNetwork + 1 {
				if _, err := b.begin(netip.MustParseAddr(fmt.Sprintf(customer, network)), begin); err == nil {
					made++
				}
			}
		}
		if made != wideShare*PerNetwork {
			t.Errorf("%s made %d accounts", customer, made)
		}
		if _, err := b.begin(owner, begin); err != nil {
			t.Errorf("somebody else: %v", err)
		}
	}
}
