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

func filtered(views []ircbus.View) bool {
	for _, v := range views {
		if v.String() != v.Channel {
			return true
		}
	}
	return false
}

// search waits for the turn of a request that may read much and return little.
func (h *Handler) search(ctx context.Context, from netip.Addr) (done func(), err error) {
	leave, ok := h.searchers.Enter(from)
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
	end, err := h.searches.Take(waiting, from)
	if err != nil && ctx.Err() == nil {
		return nil, &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "too many searches are running now; try again later, or ask for the whole channel and search in that"}
	}
	return func() {
		end()
		leave()
	}, err
}

// Bounds of choosing among new events for somebody who waits or streams: who needs
// more than easyWork for what has come takes turns, of so much.
const (
	easyWork = 100 * time.Microsecond
	turnWork = 100 * time.Millisecond
)

// choose says which of the events are in the matcher's views. Costly filters wait
// for their turns; who is late by that catches up.
func (h *Handler) choose(ctx context.Context, m *ircbus.Matcher, from netip.Addr, events []ircbus.Event) (in []bool, err error) {
	in = make([]bool, len(events))
	begun, done := m.Work(), func() {}
	limit := easyWork
	defer func() { done() }()
	for i := range events {
		if next := m.Work() - begun + m.MostWork(&events[i]); next > limit {
			done()
			if done, err = h.catchUps.Take(ctx, from); err != nil {
				done = func() {}
				return nil, err
			}
			begun, limit = m.Work(), turnWork
		}
		in[i] = m.Match(&events[i])
	}
	return in, nil
}

// crowded refuses an address that has its share already.
func crowded(format string, limit int) *Problem {
	return &Problem{Status: http.StatusTooManyRequests, RetryAfter: 5, Detail: fmt.Sprintf(format, limit)}
}
