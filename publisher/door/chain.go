package door

import (
	"context"

	"github.com/ircbus/ircbus"
)

// Chain finds the last of events that say the same thing again: the account's event
// with the key nth(n-1), after n events with the keys nth(0) to nth(n-1). Where words
// can be said again and be meant, the last event decides whether they are a
// repetition, which gets its key, or a new event, which gets nth(n). Few questions
// are asked however long the chain is. Whoever uses the answer holds a lock until its
// event is stored.
func (in *Inlet) Chain(ctx context.Context, account string, nth func(n int) string) (last ircbus.Event, n int, err error) {
	known := func(n int) (is bool) {
		if err == nil {
			_, is, err = in.Keyed(ctx, account, nth(n))
		}
		return is
	}
	some, none := -1, 0 // numbers of which there is an event, and none
	for known(none) {
		some, none = none, 2*none+1
	}
	for none-some > 1 && err == nil {
		if middle := (some + none) / 2; known(middle) {
			some = middle
		} else {
			none = middle
		}
	}
	if err == nil && some >= 0 {
		last, _, err = in.Keyed(ctx, account, nth(some))
	}
	return last, none, err
}
