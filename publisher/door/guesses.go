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
// many of one IPv4 address or IPv6 /64 are waited for at one time. What is shorter
// than guessable, in bytes, could be found by trying.
const (
	guessTime  = 500 * time.Millisecond
	maxGuesses = 4
	guessable  = 16
)

// ErrGuesses says that too many wrong secrets have come from an address. Those that
// could be guessed are not looked at then.
var ErrGuesses error = &HTTPError{
	Status: http.StatusTooManyRequests, RetryAfter: 1,
	Detail: "several wrong secrets are waiting for their answers at your address: try again in a second",
}

// laterError is an ErrGuesses that says for how long.
type laterError struct{ HTTPError }

func (e *laterError) Is(target error) bool { return target == ErrGuesses }

// guesses are the wrong secrets that wait for their answers.
type guesses struct {
	mu      sync.Mutex
	waiting map[netip.Prefix]int
}

// admit returns right: at once if it is true, also while others guess, or else
// after a while. A wrong one too many is ErrGuesses. So nobody keeps out who has the
// secret, and to try many costs many connections.
func (g *guesses) admit(ctx context.Context, from netip.Addr, right bool) (bool, error) {
	network := ircbus.NetworkOf(from).Narrow
	if right {
		return true, nil
	}
	if !g.begin(network) {
		return false, ErrGuesses
	}
	defer g.end(network)
	select {
	case <-time.After(guessTime):
	case <-ctx.Done():
	}
	return false, nil
}

func (g *guesses) begin(network netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[network] >= maxGuesses {
		return false
	}
	if g.waiting == nil {
		g.waiting = make(map[netip.Prefix]int)
	}
	g.waiting[network]++
	return true
}

func (g *guesses) end(network netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting[network]--; g.waiting[network] == 0 {
		delete(g.waiting, network)
	}
}
