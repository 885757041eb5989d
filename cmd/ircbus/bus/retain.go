package bus

import (
	"context"
	"time"

	"github.com/ircbus/ircbus/history/sqlite"
)

// How often is removed what is too old or too many: events again soon while there
// are many of them, so that retention keeps up with any rate.
const (
	retainOften = time.Second
	retainEvery = 10 * time.Second
	retainMany  = 500 // events of one time, after which the next one comes soon
	retainChat  = time.Minute
)

// retain removes events and messages as the configuration says, until ctx ends.
func (b *Bus) retain(ctx context.Context) error {
	var chat time.Time // when people's messages were looked at
	var reported time.Time
	total := 0
	for {
		wait := retainEvery
		if rules := retentions(b.current().Retention); len(rules) > 0 {
			removed, err := b.store.Retain(ctx, rules)
			total += removed
			// At a steady rate there is something to remove each second: that is told
			// once a minute.
			if err != nil || total > 0 && time.Since(reported) >= time.Minute {
				b.removed(ctx, "events", total, err)
				total, reported = 0, time.Now()
			}
			if removed >= retainMany {
				wait = retainOften
			}
		}
		if time.Since(chat) >= retainChat {
			chat = time.Now()
			removed, err := b.retainChat(ctx)
			b.removed(ctx, "messages", removed, err)
			removed, err = b.retainMemos(ctx)
			b.removed(ctx, "messages that nobody has fetched", removed, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.reloaded: // the rules may be new
			chat = time.Time{}
		case <-time.After(wait):
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
