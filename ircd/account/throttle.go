package account

import (
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// throttle slows down those who guess passwords, and nobody else if it can.
//
// Failures are counted per network, both narrow and wide (ircbus.Network), per
// account, and per account and narrow network together. The first three stop
// guessing at many accounts, and from many addresses, but would let an attacker, or
// a neighbour with an old password, lock others out. So:
//   - where the account has logged in before, also before a restart, only the
//     last counts;
//   - a wrong secret that is tried again is no new guess: it counts for the last
//     only;
//   - a network without failures waits only behind others like it, and has its
//     turn, which nobody else can take, within seconds;
//   - tokens, which cannot be guessed, are never held up (see Store.Login).
//
// A success forgives the last count only, or else an attacker with one good
// account could guess at the rest.
type throttle struct {
	mu        sync.Mutex
	addresses ledger[netip.Prefix] // narrow
	networks  ledger[netip.Prefix] // wide
	accounts  ledger[target]
	pairs     ledger[pair]
	turns     map[pair]time.Time // of clean networks that had to wait
	known     known
}

// target is an account as seen by networks with, or without, failures.
type target struct {
	account string // folded; also accounts that do not exist
	clean   bool
}

type pair struct {
	account string
	from    netip.Prefix
}

// Sizes of the tables, which strangers fill.
const (
	maxAddresses = 16 << 10
	maxTargets   = 16 << 10
	maxPairs     = 16 << 10
)

// forgetAfter is how long after the last failure a count is forgotten, and
// turnTime for how long a turn is kept.
const (
	forgetAfter = 10 * time.Minute
	turnTime    = time.Minute
)

func newThrottle() *throttle {
	return &throttle{
		addresses: newLedger[netip.Prefix](maxAddresses),
		networks:  newLedger[netip.Prefix](maxAddresses),
		accounts:  newLedger[target](maxTargets),
		pairs:     newLedger[pair](maxPairs),
		turns:     map[pair]time.Time{},
		known:     known{days: map[pair]int64{}},
	}
}

// How failures slow down. Where the owner may be held up with the attacker, behind
// one proxy or among many new addresses, it is for seconds only.
var (
	perAddress = policy{free: 10, base: time.Second, max: time.Minute}
	perNetwork = policy{free: 10, base: time.Second, max: 30 * time.Second}
	perPair    = policy{free: 10, base: time.Second, max: 5 * time.Second}
	perDirty   = policy{free: 10, base: time.Second, max: time.Minute}
	perClean   = policy{free: 30, base: 250 * time.Millisecond, max: 5 * time.Second}
)

// wait returns how long from must wait until it may try a secret of the account
// ("" for a token alone); 0 if it may now.
func (t *throttle) wait(account string, from netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	network := ircbus.NetworkOf(from)
	p := pair{account, network.Narrow}
	wait := t.pairs.wait(p, now)
	switch {
	case t.known.has(p):
		return wait
	case t.isClean(network, now):
		return max(wait, t.turn(p, t.accounts.wait(target{account, true}, now), now))
	}
	return max(wait, t.addresses.wait(network.Narrow, now), t.networks.wait(network.Wide, now), t.accounts.wait(target{account, false}, now))
}

// isClean reports whether there have been no failures from the narrow network, and
// few from the wide one.
func (t *throttle) isClean(network ircbus.Network, now time.Time) bool {
	return !t.addresses.has(network.Narrow, now) && t.networks.failures(network.Wide, now) <= perNetwork.free
}

// turn is how long a clean network waits. When it is told so for the first time,
// its turn is fixed: others who fail meanwhile do not put it off.
func (t *throttle) turn(p pair, wait time.Duration, now time.Time) time.Duration {
	at, ok := t.turns[p]
	if ok && now.Sub(at) < turnTime {
		return max(at.Sub(now), 0)
	}
	if wait == 0 {
		return 0
	}
	if len(t.turns) >= maxPairs {
		t.forgetTurns(now)
	}
	t.turns[p] = now.Add(wait)
	return wait
}

// forgetTurns makes room for new ones.
func (t *throttle) forgetTurns(now time.Time) {
	for p, at := range t.turns {
		if now.Sub(at) >= turnTime {
			delete(t.turns, p)
		}
	}
	for p := range t.turns {
		if len(t.turns) < maxPairs {
			return
		}
		delete(t.turns, p)
	}
}

// fail notes a wrong secret; again, if it was known to be wrong.
func (t *throttle) fail(account string, from netip.Addr, again bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	network := ircbus.NetworkOf(from)
	p := pair{account, network.Narrow}
	t.pairs.fail(p, perPair, now)
	delete(t.turns, p)
	if again {
		return
	}
	clean := t.isClean(network, now)
	t.addresses.fail(network.Narrow, perAddress, now)
	t.networks.fail(network.Wide, perNetwork, now)
	switch {
	case t.known.has(p) || account == "":
	case clean:
		t.accounts.fail(target{account, true}, perClean, now)
	default:
		t.accounts.fail(target{account, false}, perDirty, now)
	}
}

// succeed notes a right secret.
func (t *throttle) succeed(account string, from netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{account, ircbus.NetworkOf(from).Narrow}
	delete(t.pairs.tallies, p)
	delete(t.turns, p)
	t.known.add(p, now)
}
