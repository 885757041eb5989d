package ircd

import (
	"context"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseB2: a redaction does not wait for those who ask for old events.
func TestCaseB2(t *testing.T) {
	asked, gate := make(chan struct{}, 16), make(chan struct{})
	b := newBus(t, func(c *Config) {
		c.Events = func(ctx context.Context, _ EventQuery, _ func(*ircbus.Event) error) error {
			asked <- struct{}{}
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c.Redact = func(context.Context, ircbus.Redaction) error { return nil }
	})
	moin := b.publisher("moin")
	moin.send("PRIVMSG #moin :page=A")
	moin.fence()
	for _, nick := range []string{"c1", "c2", "c3", "c4"} {
		b.user(nick).send("CHATHISTORY LATEST #moin * 5")
	}
	for range maxLookups {
		<-asked
	}
	moin.send("REDACT #moin 1")
	moin.send("PING after")
	if lines := moin.until("PONG irc.test after"); len(lines) != 1 {
		t.Errorf("the publisher gets %q", lines)
	}
	close(gate)
}
