package bus

import (
	"cmp"
	"context"
	"errors"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd"
)

// eventsBudget is about how many bytes of events are read to answer somebody on
// IRC, whatever his filter is: the work of some tenths of a second.
const eventsBudget = 32 << 20

// events asks the store what people on IRC want to know.
func (b *Bus) events(ctx context.Context, q ircd.EventQuery, fn func(*ircbus.Event) error) error {
	err := b.store.Range(ctx, history.Query{
		After: q.After, Until: q.Until, From: q.From, To: q.To, Views: []ircbus.View{q.View},
		Limit: q.Limit, Desc: q.Desc, Budget: cmp.Or(q.Budget, eventsBudget),
	}, fn)
	if _, ok := errors.AsType[*history.Unfinished](err); ok {
		return ircd.ErrUnfinished
	}
	return err
}

// keyed finds a publisher's event by its key.
func (b *Bus) keyed(ctx context.Context, publisher, key string) (ircbus.ID, error) {
	id, err := b.store.Keyed(ctx, publisher, key)
	if errors.Is(err, history.ErrNotFound) {
		return 0, nil
	}
	return id, err
}
