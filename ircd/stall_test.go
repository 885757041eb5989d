package ircd

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// longMOTD makes the answer to MOTD some 100 kB long.
func (b *bus) longMOTD() {
	var lines []string
	for range 300 {
		lines = append(lines, strings.Repeat("x", 300))
	}
	b.Configure(Settings{MOTD: lines})
}

// deaf is somebody whose system takes little.
func (b *bus) deaf(nick string) *user {
	u := b.user(nick)
	bottom(u.nc).(*net.TCPConn).SetReadBuffer(4 << 10)
	return u
}

// ask asks for so many answers of some 100 kB.
func (u *user) ask(times int) {
	for range times {
		u.send("MOTD")
	}
}

// cutOff counts who was cut off or has gone since.
func (b *bus) cutOff() (n int) {
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	for c := range b.Server.clients {
		if c.conn.isCut() {
			n++
		}
	}
	return n
}

// TestCaseA4: who takes nothing for a while is cut off, however little waits, also if
// it goes on asking; who reads now and then is not.
func TestCaseA4(t *testing.T) { overBoth(t, testCaseA4) }

func testCaseA4(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t, func(c *Config) { c.Limits.stall, c.Limits.linger = 300*time.Millisecond, time.Millisecond })
	stalled, reader := b.deaf("stalled"), b.user("reader")
	b.longMOTD()
	stalled.ask(12)
	for b.cutOff() == 0 {
		stalled.nc.Write([]byte("PONG x\r\n")) // fails in the end
		reader.send("MOTD")
		reader.fence()
	}
	if reader.send("MOTD"); len(reader.fence()) == 0 {
		t.Error("who reads is cut off, too")
	}
}

// TestCaseA3: what waits for all strangers together is limited, and beyond that the
// one for whom most of it waits is cut off. Who has an account does not count.
func TestCaseA3(t *testing.T) { overBoth(t, testCaseA3) }

func testCaseA3(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	const limit = 2_000_000
	replies := ircbus.NewBudget(limit)
	b := newBus(t, func(c *Config) { c.Replies, c.Limits.linger = replies, time.Millisecond })
	least := b.user("least")
	var most []*user
	for i := range 4 {
		most = append(most, b.deaf(fmt.Sprint("most", i)))
	}
	b.longMOTD()
	least.ask(2)
	for _, u := range most {
		u.ask(16)
	}
	wait(t, "somebody to be cut off", func() bool {
		if used := replies.Used(); used > limit+200_000 { // one more answer
			t.Errorf("%d bytes are kept", used)
		}
		return b.cutOff() > 0
	})
	if lines := least.fence(); len(lines) < 2*300 {
		t.Errorf("for whom the least waited got %d lines", len(lines))
	}
}
