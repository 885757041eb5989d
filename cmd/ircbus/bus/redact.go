package bus

import (
	"context"
	"errors"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// redact removes an event, or fields of it, from the log, and counts the
// tombstone. It is the one way for HTTP and IRC.
func (b *Bus) redact(ctx context.Context, r ircbus.Redaction) (ircbus.Event, error) {
	tombstone, err := b.store.Redact(ctx, r)
	if err == nil {
		b.metrics.stored([]ircbus.Event{tombstone}, []ircbus.Receipt{{ID: tombstone.ID, At: tombstone.At}})
		b.log.Info("an event has been redacted", "id", r.Target, "by", r.By, "fields", r.Names, "tombstone", tombstone.ID)
	}
	return tombstone, err
}

// redactIRC is redact as the IRC server wants it, which knows no history.
func (b *Bus) redactIRC(ctx context.Context, r ircbus.Redaction) error {
	_, err := b.redact(ctx, r)
	if errors.Is(err, history.ErrNotFound) {
		return ircbus.Refuse(ircbus.NoSuchEvent, "there is no event %d here", r.Target)
	}
	return err
}

// isOperator reports whether an account may redact everybody's events.
func (b *Bus) isOperator(name string) bool {
	a, err := b.accounts.Get(name)
	return err == nil && a.Role == account.Operator
}
