package api

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/ircbus/ircbus"
)

// Bounds of what a stranger's search may cost: a filter that matches nothing
// would go through the whole log.
const (
	searchBytes    = 64 << 20        // bytes of events read for one page, a second's work or less
	searchPatience = 5 * time.Second // how long a search waits for its turn
)

// budget is how much a page may read. Every view is one more filter to try.
func (h *Handler) budget(views []ircbus.View) int { return h.searchBytes / max(1, len(views)) }

func filtered(views []ircbus.View) bool {
	for _, v := range views {
		if v.String() != v.Channel {
			return true
		}
	}
	return false
}

// turns lets as many in at one time as it has room for.
type turns chan struct{}

// take waits for a turn, which done ends.
func (t turns) take(ctx context.Context) (done func(), err error) {
	done = func() { <-t }
	select {
	case t <- struct{}{}:
		return done, nil
	default:
	}
	select {
	case t <- struct{}{}:
		return done, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// search waits for the turn of a request that may read much and return little.
func (h *Handler) search(ctx context.Context, from netip.Addr) (done func(), err error) {
	leave, ok := h.searchers.enter(from)
	if !ok {
		return nil, crowded("%d searches from your address are running now; wait for their answers first", MaxSearches)
	}
	defer func() {
		if err != nil {
			leave()
		}
	}()
	waiting, cancel := context.WithTimeout(ctx, h.searchPatience)
	defer cancel()
	end, err := h.searches.take(waiting)
	if err != nil && ctx.Err() == nil {
		return nil, &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "too many searches are running now; try again later, or ask for the whole channel and search in that"}
	}
	return func() {
		end()
		leave()
	}, err
}

// crowded refuses an address that has its share already.
func crowded(format string, limit int) *Problem {
	return &Problem{Status: http.StatusTooManyRequests, RetryAfter: 5, Detail: fmt.Sprintf(format, limit)}
}
