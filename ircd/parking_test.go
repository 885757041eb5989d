package ircd

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// atOnce parks connections as soon as they say nothing.
func atOnce(c *Config) { c.Limits.park = time.Microsecond }

// isParked waits until n connections are parked.
func isParked(b *bus, n int) {
	b.t.Helper()
	wait(b.t.(*testing.T), fmt.Sprintf("%d connections to be parked", n), func() bool {
		l := &b.hub.parking
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.parked) == n
	})
}

// TestParked: a connection that is parked hears what it should, is heard with
// what it says, also in pieces, and leaves nothing behind when it ends.
func TestParked(t *testing.T) {
	for name, dial := range map[string]func(b *bus) *user{
		"plain": func(b *bus) *user { return b.dial() },
		"TLS":   dialTLS,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBus(t, atOnce)
			u := dial(b)
			u.send("NICK alice", "USER a 0 * :a", "JOIN #moin,#talk")
			u.until(" 366 alice #talk ")
			for n := range 5 {
				isParked(b, 1)
				b.Deliver([]ircbus.Event{event(n+1, "#moin", "page", "P")})
				if id := idIn(u.line(), "#moin"); id != n+1 {
					t.Errorf("event %d came, not %d", id, n+1)
				}
				u.raw("PING one\r\nPI")
				u.until("PONG irc.test one")
				isParked(b, 1)
				u.raw("NG two\r\n")
				u.until("PONG irc.test two")
			}
			isParked(b, 1)
			bob := b.user("bob")
			bob.send("PRIVMSG alice :hi", "WHOIS alice")
			bob.until(" 318 ")
			u.until("PRIVMSG alice :hi")
			u.nc.Close()
			wait(t, "alice to be gone", func() bool { return b.Stats().Connections == 1 })
			isParked(b, 1) // bob
		})
	}
}

func dialTLS(b *bus) *user {
	l, err := listenTLS(&tls.Config{Certificates: []tls.Certificate{certificate(b.t)}})
	if err != nil {
		b.t.Fatal(err)
	}
	go b.Serve(l)
	nc, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return newUser(b.t, nc)
}

// TestParkedWithEnds: whatever ends a parked connection, it gets its last words.
func TestParkedWithEnds(t *testing.T) {
	t.Parallel()
	b := newBus(t, atOnce, func(c *Config) { c.Limits.Ping, c.Limits.Behind = time.Minute, 100_000 })
	oper := b.publisher("operator")
	oper.send("OPER operator secret")
	oper.until(" 381 ")
	killed, lost, slow := b.user("killed"), b.user("lost"), b.user("slow")
	slow.send("JOIN #moin")
	slow.fence()
	isParked(b, 4)
	oper.send("KILL killed :bye")
	if lines := killed.rest(); len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "ERROR :Closing Link: ") {
		t.Errorf("who was killed got %q", lines)
	}
	lost.nc.(*net.TCPConn).SetLinger(0)
	lost.nc.Close()
	for id := 1; !cutOff(b, "slow"); id++ {
		b.Deliver([]ircbus.Event{event(id, "#moin", "comment", strings.Repeat("x", 4000))})
	}
	if lines := slow.rest(); len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "ERROR :Too slow: resume after id ") {
		t.Errorf("who was slow got %q", lines[max(0, len(lines)-2):])
	}
	killed.nc.Close()
	slow.nc.Close()
	wait(t, "them to be gone", func() bool { return b.Stats().Connections == 1 })
	isParked(b, 1)
	b.LogOut([]string{"operator"})
	if lines := oper.rest(); len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "ERROR :The login as operator ") {
		t.Errorf("who was logged out got %q", lines)
	}
	last := b.user("last")
	isParked(b, 1)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := b.Shutdown(ctx, "the end"); err != nil {
		t.Error(err)
	}
	if lines := last.rest(); len(lines) != 1 || lines[0] != "ERROR :the end" {
		t.Errorf("the last got %q", lines)
	}
	if b.hub.parking.poller != nil {
		t.Error("the warden is still there")
	}
}

// TestParkedPing: who is parked is asked whether it is still there.
func TestParkedPing(t *testing.T) {
	t.Parallel()
	b := newBus(t, atOnce, func(c *Config) { c.Limits.Ping = time.Hour })
	u := b.user("alice")
	for range 3 {
		isParked(b, 1)
		passHours(b)
		if got := u.line(); got != "PING :irc.test" {
			t.Fatal(got)
		}
		isParked(b, 1)
		u.send("PONG irc.test")
		u.fence()
	}
	isParked(b, 1)
	passHours(b)
	u.until("PING :irc.test")
	isParked(b, 1)
	passHours(b)
	if got := u.line(); got != "ERROR :Ping timeout: no answer for 1h0m0s" {
		t.Error(got)
	}
}

// passHours makes all parked connections due.
func passHours(b *bus) {
	l := &b.hub.parking
	l.mu.Lock()
	defer l.mu.Unlock()
	for fd, p := range l.parked {
		p.due = time.Now()
		p.client.due = p.due
		l.parked[fd] = p
	}
}

// TestOneReadLoop: connections that talk, are parked and end, all at once, never
// have two read loops, or none.
func TestOneReadLoop(t *testing.T) {
	t.Parallel()
	b := newBus(t, atOnce)
	for i := range 20 {
		u := b.user(fmt.Sprint("u", i))
		t.Run(u.nc.LocalAddr().String(), func(t *testing.T) {
			t.Parallel()
			u.t = t
			for n := range 50 {
				if lines := u.fence(); len(lines) != 0 {
					t.Errorf("%q came", lines)
				}
				u.raw(fmt.Sprintf("PING %d\r\nPING ", n))
				u.raw(fmt.Sprintf("x%d\r\n", n))
				u.until(fmt.Sprintf("PONG irc.test x%d", n))
			}
		})
	}
}
