package ircd

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestReplayFromMemory: those who join one after the other see the last lines, the
// store being asked once, also while new ones come; what was redacted is not
// shown any more.
func TestReplayFromMemory(t *testing.T) {
	var asked atomic.Int32
	b := newBus(t, func(c *Config) {
		c.Replay = Replay{Text: 2, Packed: 3}
		read := c.Events
		c.Events = func(ctx context.Context, q EventQuery, fn func(*ircbus.Event) error) error {
			asked.Add(1)
			return read(ctx, q, fn)
		}
	})
	pub := b.publisher("moin", "draft/message-redaction", "message-tags")
	publish := func(n int) {
		pub.send(fmt.Sprintf("PRIVMSG #moin :page=P%d", n))
		pub.fence()
	}
	joiners := 0
	sees := func(channel string, pages ...string) {
		t.Helper()
		joiners++
		u := b.user(fmt.Sprint("u", joiners))
		u.send("JOIN " + channel)
		var got []string
		for _, line := range u.fence() {
			if _, text, ok := strings.Cut(line, " PRIVMSG "+channel+" :"); ok {
				got = append(got, text)
			}
		}
		if len(got) != len(pages) {
			t.Fatalf("%q are shown, not %v", got, pages)
		}
		for i, page := range pages {
			if !strings.Contains(got[i], page) {
				t.Errorf("line %d is %q, not about %s", i, got[i], page)
			}
		}
	}
	for n := range 5 {
		publish(n)
	}
	sees("#moin", "page=P2", "page=P3", "page=P4")
	sees("#moin.text", "[[P3]]", "[[P4]]")
	publish(5)
	sees("#moin", "page=P3", "page=P4", "page=P5")
	if n := asked.Load(); n != 1 {
		t.Errorf("the store was asked %d times", n)
	}
	pub.send("REDACT #moin 5 :secret")
	pub.fence()
	sees("#moin", "id=5&", "page=P5", "target=5") // what is left of 5
	if n := asked.Load(); n != 2 {
		t.Errorf("the store was asked %d times", n)
	}
	for n := range 2 * MaxHistory {
		publish(n)
	}
	sees("#moin", fmt.Sprint("page=P", 2*MaxHistory-3), fmt.Sprint("page=P", 2*MaxHistory-2), fmt.Sprint("page=P", 2*MaxHistory-1))
}

// TestReplayAfterSetPublishers: an event that is delivered, and then publishers that
// are set anew, while somebody who joins still waits for the store, are not missing
// in what the next one sees.
func TestReplayAfterSetPublishers(t *testing.T) {
	gate := make(chan struct{})
	b := newBus(t, func(c *Config) {
		c.Replay = Replay{Packed: 3}
		read := c.Events
		c.Events = func(ctx context.Context, q EventQuery, fn func(*ircbus.Event) error) error {
			<-gate
			return read(ctx, q, fn)
		}
	})
	pub := b.publisher("moin")
	publish := func(n int) {
		pub.send(fmt.Sprintf("PRIVMSG #moin :page=P%d", n))
		pub.fence()
	}
	for n := range 3 {
		publish(n)
	}
	const before = maxLookups + 1 // the last one has not asked yet
	var waiting []*user
	for n := range before {
		u := b.user(fmt.Sprint("u", n))
		u.send("JOIN #moin")
		waiting = append(waiting, u)
	}
	wait(t, "all to have joined", func() bool {
		b.Server.mu.Lock()
		defer b.Server.mu.Unlock()
		return b.feeds["#moin"].members == before
	})
	publish(3)
	b.SetPublishers([]Publisher{wiki("moin")})
	close(gate)
	for _, u := range waiting {
		u.fence()
	}
	u := b.user("last")
	u.send("JOIN #moin")
	for n := 1; n <= 3; n++ {
		lines := u.until(" PRIVMSG #moin :")
		if line := lines[len(lines)-1]; !strings.Contains(line, fmt.Sprint("page=P", n)) {
			t.Errorf("%q is shown, not P%d", line, n)
		}
	}
}
