package door

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
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

// admit returns right: at once if it is true, or else after a while. Who has the
// secret is let in at once also while others guess, unless too many guesses are
// under way (ErrGuesses). A guesser learns the answer only by waiting, and so
// cannot try many.
func (g *guesses) admit(ctx context.Context, from netip.Addr, right bool) (bool, error) {
	network := ircbus.NetworkOf(from).Narrow
	if err := g.begin(network, right); right || err != nil {
		return err == nil, err
	}
	defer g.end(network)
	select {
	case <-time.After(guessTime):
	case <-ctx.Done():
	}
	return false, nil
}

func (g *guesses) begin(network netip.Prefix, right bool) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.waiting[network] >= maxGuesses:
		return ErrGuesses
	case right:
		return nil
	case g.waiting == nil:
		g.waiting = make(map[netip.Prefix]int)
	}
	g.waiting[network]++
	return nil
}

func (g *guesses) end(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[network]--; g.waiting[network] == 0 {
		delete(g.waiting, network)
	}
}
