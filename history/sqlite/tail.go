package sqlite

import (
	"context"
	"sync/atomic"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// tail is one running Tail.
type tail struct {
	store  *Store
	fn     func([]ircbus.Event) error
	cursor atomic.Uint64 // written by the Tail's goroutine alone, read by Stats
}

// Tail implements history.Log.
func (s *Store) Tail(ctx context.Context, after ircbus.ID, fn func([]ircbus.Event) error) error {
	t := &tail{store: s, fn: fn}
	t.cursor.Store(uint64(after))
	s.stats.tails.Store(t, struct{}{})
	defer s.stats.tails.Delete(t)
	room := make([][]ircbus.Event, 0, 64)
	for {
		if err := s.ended(ctx); err != nil {
			return err
		}
		redacted := s.live.redactions.Load()
		batches, changed, ok := s.live.after(t.at(), room)
		switch {
		case !ok:
			if err := t.stored(ctx); err != nil {
				return err
			}
		case len(batches) > 0:
			if err := t.deliver(ctx, batches, redacted); err != nil {
				return err
			}
		default:
			select {
			case <-changed:
			case <-ctx.Done():
			case <-s.closing:
			}
		}
	}
}

func (t *tail) at() ircbus.ID { return ircbus.ID(t.cursor.Load()) }

// stored delivers one page from the disk.
func (t *tail) stored(ctx context.Context) error {
	floor, _ := t.store.live.bounds()
	p := &plan{first: t.at() + 1, last: floor}
	events, err := t.store.page(ctx, p)
	if err != nil {
		return err
	}
	if len(events) > 0 {
		if err := t.fn(events); err != nil {
			return err
		}
	}
	// Nothing between the last event read and the page's end is left on disk.
	t.cursor.Store(uint64(p.first - 1))
	return nil
}

// deliver gives batches to fn until something has been redacted, which may be
// in those that follow.
func (t *tail) deliver(ctx context.Context, batches [][]ircbus.Event, redacted uint64) error {
	for _, events := range batches {
		if err := t.store.ended(ctx); err != nil {
			return err
		}
		if t.store.live.redactions.Load() != redacted {
			return nil
		}
		if err := t.fn(events); err != nil {
			return err
		}
		t.cursor.Store(uint64(events[len(events)-1].ID))
	}
	return nil
}

// ended says why a read must end: ctx has, or the store is closed.
func (s *Store) ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.closing:
		return history.ErrClosed
	default:
		return nil
	}
}
