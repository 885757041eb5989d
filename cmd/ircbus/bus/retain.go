package bus

import (
	"context"
	"time"

	"github.com/ircbus/ircbus/history/sqlite"
)

// retainEvery is how often is removed what is too old or too many.
const retainEvery = 10 * time.Minute

// retain removes events and messages as the configuration says, until ctx ends.
func (b *Bus) retain(ctx context.Context) error {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		if rules := retentions(b.current().Retention); len(rules) > 0 {
			removed, err := b.store.Retain(ctx, rules)
			b.removed(ctx, "events", removed, err)
		}
		removed, err := b.retainChat(ctx)
		b.removed(ctx, "messages", removed, err)
		removed, err = b.retainMemos(ctx)
		b.removed(ctx, "messages that nobody has fetched", removed, err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.reloaded: // the rules may be new
		case <-tick.C:
		}
	}
}

// removed logs what retention has done.
func (b *Bus) removed(ctx context.Context, what string, n int, err error) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		b.log.Error("old "+what+" could not be removed", "err", err)
	case n > 0:
		b.log.Info("removed old "+what, "count", n)
	}
}

// retentions are the configuration's rules as the store takes them. The rule
// for "*" comes first.
func retentions(rules map[string]Retention) []sqlite.Retention {
	var out []sqlite.Retention
	for _, channel := range sortedKeys(rules) {
		rule := sqlite.Retention{Channel: channel, MaxAge: time.Duration(rules[channel].MaxAge), MaxCount: rules[channel].MaxCount}
		if channel == "*" {
			rule.Channel = ""
		}
		out = append(out, rule)
	}
	return out
}
