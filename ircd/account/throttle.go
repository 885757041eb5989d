package account

import (
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
)

// throttle slows down those who guess passwords, and nobody else if it can.
//
// Failures are counted per address (IPv6: per /64), per account, and per account
// and address together. The first two stop guessing at many accounts, and from
// many addresses, but would let an attacker, or a neighbour with an old
// password, lock others out. So:
//   - where the account has logged in before, only the third counts;
//   - a wrong secret that is tried again is no new guess: it counts for the third
//     only;
//   - an address without any failure waits only behind others like it, and for
//     seconds;
//   - tokens, which cannot be guessed, are never held up (see Store.Login).
//
// A success forgives the third count only, or else an attacker with one good
// account could guess at the rest.
type throttle struct {
	mu        sync.Mutex
	addresses ledger[netip.Prefix]
	accounts  ledger[target]
	pairs     ledger[pair]
	known     map[pair]struct{} // have logged in
}

// target is an account as seen by addresses with, or without, failures.
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

// forgetAfter is how long after the last failure a count is forgotten.
const forgetAfter = 10 * time.Minute

func newThrottle() *throttle {
	return &throttle{
		addresses: newLedger[netip.Prefix](maxAddresses),
		accounts:  newLedger[target](maxTargets),
		pairs:     newLedger[pair](maxPairs),
		known:     map[pair]struct{}{},
	}
}

// How failures slow down. Where the owner may be held up with the attacker, behind
// one proxy or among many new addresses, it is for seconds only.
var (
	perAddress = policy{free: 10, base: time.Second, max: time.Minute}
	perPair    = policy{free: 10, base: time.Second, max: 5 * time.Second}
	perDirty   = policy{free: 10, base: time.Second, max: time.Minute}
	perClean   = policy{free: 30, base: 250 * time.Millisecond, max: 5 * time.Second}
)

// wait returns how long from must wait until it may try a secret of the account
// ("" for a token alone); 0 if it may now.
func (t *throttle) wait(account string, from netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{account, ircbus.NetworkOf(from).Narrow}
	wait := t.pairs.wait(p, now)
	if _, ok := t.known[p]; ok {
		return wait
	}
	clean := !t.addresses.has(p.from, now)
	return max(wait, t.addresses.wait(p.from, now), t.accounts.wait(target{account, clean}, now))
}

// fail notes a wrong secret; again, if it was known to be wrong.
func (t *throttle) fail(account string, from netip.Addr, again bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{account, ircbus.NetworkOf(from).Narrow}
	t.pairs.fail(p, perPair, now)
	if again {
		return
	}
	clean := !t.addresses.has(p.from, now)
	t.addresses.fail(p.from, perAddress, now)
	if _, ok := t.known[p]; ok || account == "" {
		return
	}
	if clean {
		t.accounts.fail(target{account, true}, perClean, now)
	} else {
		t.accounts.fail(target{account, false}, perDirty, now)
	}
}

// succeed notes a right secret.
func (t *throttle) succeed(account string, from netip.Addr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := pair{account, ircbus.NetworkOf(from).Narrow}
	delete(t.pairs.tallies, p)
	for old := range t.known {
		if len(t.known) < maxPairs {
			break
		}
		delete(t.known, old)
	}
	t.known[p] = struct{}{}
}
