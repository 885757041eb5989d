package door

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits of guessing at secrets: a wrong one is answered after guessTime, and so
// many of one IPv4 address or IPv6 /64 are waited for at one time.
const (
	guessTime  = 500 * time.Millisecond
	maxGuesses = 4
)

// ErrGuesses says that a secret was not looked at.
var ErrGuesses error = &HTTPError{
	Status: http.StatusTooManyRequests, RetryAfter: 1,
	Detail: "several wrong secrets are waiting for their answers at your address: try again in a second",
}

// guesses are the wrong secrets that wait for their answers.
type guesses struct {
	mu      sync.Mutex
	waiting map[netip.Prefix]int
}

// prove reports what right does: at once if that is true, or else after a while. A
// right secret is let in at once also while others guess, unless too many guesses
// are under way (ErrGuesses). The guesser learns the answer only by waiting, and so
// cannot try many.
func (g *guesses) prove(ctx context.Context, from netip.Addr, right func() bool) (bool, error) {
	bits := 32
	if from.Is6() {
		bits = 64
	}
	network, err := from.WithZone("").Prefix(bits)
	if err != nil { // from nowhere
		network = netip.Prefix{}
	}
	if ok, err := g.begin(network, right); ok || err != nil {
		return ok, err
	}
	defer g.end(network)
	select {
	case <-time.After(guessTime):
	case <-ctx.Done():
	}
	return false, nil
}

func (g *guesses) begin(network netip.Prefix, right func() bool) (ok bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.waiting[network] >= maxGuesses:
		return false, ErrGuesses
	case right():
		return true, nil
	case g.waiting == nil:
		g.waiting = make(map[netip.Prefix]int)
	}
	g.waiting[network]++
	return false, nil
}

func (g *guesses) end(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[network]--; g.waiting[network] == 0 {
		delete(g.waiting, network)
	}
}
