package ircd

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestAcknowledgeWithoutLock: whoever holds the server's lock, be it the delivery
// to thousands, keeps nobody from publishing.
func TestAcknowledgeWithoutLock(t *testing.T) {
	stored := 0
	b := newBus(t, func(c *Config) {
		c.Append = func(context.Context, []ircbus.Event) ([]ircbus.Receipt, error) {
			stored++
			return []ircbus.Receipt{{ID: ircbus.ID(stored), At: day}}, nil
		}
	})
	pub := b.publisher("moin", allPublishing...)
	publish := func(n int) {
		pub.send(fmt.Sprintf("@label=%d PRIVMSG #moin :page=A", n))
		if line, want := pub.line(), fmt.Sprintf("@label=%d;msgid=%d;", n, n); !strings.HasPrefix(line, want) {
			t.Fatalf("the answer is %s, want %s", line, want)
		}
	}
	publish(1) // is the first to look up where it may publish
	b.Server.mu.Lock()
	publish(2)
	b.Server.mu.Unlock()
	publish(3)
}

// TestChangedPublisher: a publisher that has published is held to what it may do
// now, and is called as now.
func TestChangedPublisher(t *testing.T) {
	b := newBus(t)
	pub := b.publisher("moin", allPublishing...)
	expect := func(line, want string) {
		t.Helper()
		pub.send(line)
		if got := pub.line(); !strings.Contains(got, want) {
			t.Errorf("%s is answered %s, want %s", line, got, want)
		}
	}
	expect("PRIVMSG #antispam :page=A", " FAIL PRIVMSG NOT_PUBLISHER #antispam ")
	expect("PRIVMSG #moin :page=A", ";account=moin;bot :moin!moin@irc.test PRIVMSG #moin ")
	b.SetPublishers([]Publisher{wiki("Moin", ircbus.Feed{Channel: "#antispam"}), wiki("pmwiki")})
	pub.fence()
	expect("PRIVMSG #antispam :page=A", ";account=Moin;bot :Moin!Moin@irc.test PRIVMSG #antispam ")
	expect("CAP REQ -account-tag", "ACK :-account-tag")
	expect("PRIVMSG #antispam :page=A", ";bot :Moin!Moin@irc.test PRIVMSG #antispam ")
	b.SetPublishers([]Publisher{wiki("moin"), wiki("pmwiki")})
	pub.fence()
	expect("PRIVMSG #antispam :page=A", " 403 moin #antispam ")
}

// TestOwnBeforeDelivery: who joins its feed after having published, but before
// that is delivered, does not see its own event, but everybody else's.
func TestOwnBeforeDelivery(t *testing.T) {
	var events []ircbus.Event
	b := newBus(t, func(c *Config) {
		c.Append = func(_ context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			e := batch[0]
			e.ID, e.At = ircbus.ID(len(events)+1), day
			events = append(events, e)
			return []ircbus.Receipt{{ID: e.ID, At: e.At}}, nil
		}
	})
	pub, other := b.publisher("moin"), b.publisher("moin")
	for i, p := range []*user{pub, other, pub, other} {
		if i == 2 {
			b.Deliver(events)
		}
		p.send(fmt.Sprintf("PRIVMSG #moin :n=%d", i+1))
		p.fence()
	}
	pub.send("JOIN #moin")
	pub.fence()
	b.Deliver(events[2:])
	if lines := pub.fence(); len(lines) != 1 || idIn(lines[0], "#moin") != 4 {
		t.Errorf("it sees %q", lines)
	}
}

// TestLateReader: who publishes much before it reads gets every
// acknowledgement, in order, however the system has cut them.
func TestLateReader(t *testing.T) {
	b := newBus(t)
	pub := b.publisher("moin", allPublishing...)
	if err := pub.nc.(*net.TCPConn).SetReadBuffer(128 << 10); err != nil {
		t.Fatal(err)
	}
	const events = 12_000
	text := strings.Repeat("x", 400)
	for i := range events {
		pub.send(fmt.Sprintf("@label=%d PRIVMSG #moin :page=%s", i, text))
	}
	for i := range events {
		if line, want := pub.line(), fmt.Sprintf("@label=%d;msgid=%d;", i, i+1); !strings.HasPrefix(line, want) {
			t.Fatalf("the answer is %s, want %s", line, want)
		}
	}
}
