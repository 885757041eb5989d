package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ircbus/ircbus"
)

// mayWait reports whether there is nothing in the page yet, but the caller wants
// to wait and something may still come.
func (p *page) mayWait(ctx context.Context) bool {
	past := !p.q.To.IsZero() && !p.q.To.After(time.Now())
	return p.q.wait > 0 && p.n == 0 && !p.next && !past && !p.settled(ctx)
}

// waitAndOpen waits for the first event that the page would have, up to the
// caller's patience, and opens the page again.
func (p *page) waitAndOpen(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead || p.h.closed.Err() != nil {
		return nil
	}
	done, err := p.h.waiting(w, r)
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(r.Context(), p.q.wait)
	defer cancel()
	defer context.AfterFunc(p.h.closed, cancel)()
	matcher := ircbus.NewMatcher(p.q.Views)
	err = p.h.Log.Tail(ctx, max(p.pinned.Head, p.q.After), func(events []ircbus.Event) error {
		in, err := p.h.choose(ctx, matcher, p.from, events)
		for i := range in {
			if in[i] && p.wants(&events[i]) {
				return errStop
			}
		}
		return err
	})
	switch {
	case r.Context().Err() != nil:
		return r.Context().Err()
	case ctx.Err() == nil && !errors.Is(err, errStop):
		return err
	}
	if err := p.pin(r.Context()); err != nil {
		return err
	}
	return p.open(r.Context())
}

// wants reports whether the event, which is in its views, belongs to the page.
func (p *page) wants(e *ircbus.Event) bool {
	q := &p.q
	return e.ID > q.After && (!q.until || e.ID <= q.Until) && within(e.At, q.From, q.To)
}

func within(at, from, to time.Time) bool {
	return (from.IsZero() || !at.Before(from)) && (to.IsZero() || at.Before(to))
}
