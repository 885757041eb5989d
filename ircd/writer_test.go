package ircd

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestPongAfterNewStream: what was delivered between a JOIN and a PING comes
// between their answers, also when the writer takes both answers at once.
func TestPongAfterNewStream(t *testing.T) {
	b := newBus(t)
	near, far := net.Pipe() // a write waits for the reader
	b.accept(far)
	u := newUser(t, near)
	u.send("NICK alice", "USER a 0 * :a") // the writer waits with the greeting
	u.send("JOIN #moin", "CAP REQ server-time")
	c := clientOf(t, b, "alice")
	queued := func(text string) func() bool {
		return func() bool {
			c.conn.mu.Lock()
			defer c.conn.mu.Unlock()
			return bytes.Contains(c.conn.control, []byte(text))
		}
	}
	wait(t, "the ACK", queued("ACK"))
	b.Deliver([]ircbus.Event{event(1, "#moin", "page", "A")})
	u.send("PING x")
	wait(t, "the PONG", queued("PONG"))
	b.Deliver([]ircbus.Event{event(2, "#moin", "page", "B")})
	lines := append(u.until("PONG irc.test x"), u.fence()...)
	at := func(part string) int {
		for i, line := range lines {
			if strings.Contains(line, part) {
				return i
			}
		}
		t.Fatalf("%q did not come in\n%s", part, strings.Join(lines, "\n"))
		return -1
	}
	if !(at(" 366 ") < at("ACK") && at("ACK") < at("id=1&") && at("id=1&") < at("PONG")) || at("id=2&") < at("id=1&") {
		t.Errorf("the order is\n%s", strings.Join(lines, "\n"))
	}
	if !strings.HasPrefix(lines[at("id=1&")], "@time=") {
		t.Errorf("the rendering is %s", lines[at("id=1&")])
	}
}

func clientOf(t *testing.T, b *bus, nick lcNick) (c *client) {
	t.Helper()
	wait(t, string(nick), func() bool {
		b.Server.mu.Lock()
		defer b.Server.mu.Unlock()
		if p := b.nicks[nick]; p != nil {
			c = p.clients[0]
		}
		return c != nil
	})
	return c
}

// BenchmarkWake measures one event at a time to 100 idle members.
func BenchmarkWake(b *testing.B) {
	bus := newBus(b)
	var users []*user
	for _, name := range strings.Fields(strings.Repeat("u ", 100)) {
		u := bus.user(name + itoa(len(users)))
		u.send("JOIN #moin")
		u.fence()
		users = append(users, u)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		bus.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "A")})
		for _, u := range users {
			u.line()
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(users)), "ns/delivery")
}

// BenchmarkAnswer measures one command and its answer at a time.
func BenchmarkAnswer(b *testing.B) {
	u := newBus(b, func(c *Config) { c.Limits.Lines = 1e9 }).user("alice")
	b.ReportAllocs()
	for b.Loop() {
		u.send("PING a")
		u.line()
	}
}
