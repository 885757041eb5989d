package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"golang.org/x/time/rate"
)

// TestHasty: who has sent much gets events and what others say later than others
// do, but before the next answer, complete and in order; and who leaves meanwhile
// leaves nothing behind.
func TestHasty(t *testing.T) { overBoth(t, testHasty) }

func testHasty(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t, func(c *Config) {
		c.Limits.Burst, c.Limits.Lines, c.Limits.delay = 300, 0.1, time.Minute
	})
	calm := b.user("calm")
	var hasty []*user
	for i := range 3 {
		hasty = append(hasty, b.user(fmt.Sprint("hasty", i)))
	}
	for _, u := range append(hasty, calm) {
		u.send("JOIN #moin,#talk")
		u.fence()
	}
	b.Server.mu.Lock()
	st := b.feeds["#moin"].views["#moin"].streams[streamKey{}]
	b.Server.mu.Unlock()
	delayed := func() int {
		st.mu.Lock()
		defer st.mu.Unlock()
		return len(st.delayed)
	}
	for _, u := range hasty {
		u.send(strings.Repeat("PONG x\r\n", 40))
		u.fence()
	}
	calm.fence()

	const events = 10
	for i := range events {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "P")})
		calm.send(fmt.Sprint("PRIVMSG #talk :word ", i))
		if id := idIn(calm.line(), "#moin"); id != i+1 {
			t.Fatalf("the calm one got %d instead of %d", id, i+1)
		}
	}
	calm.fence()
	wait(t, "the turns to be put off", func() bool { return delayed() == len(hasty) })

	hasty[0].send("PART #moin")
	hasty[0].fence()
	hasty[1].send("QUIT")
	hasty[1].rest()
	wait(t, "those who have left to be gone", func() bool { return delayed() == 1 })
	var ids, words int
	for _, line := range hasty[2].fence() {
		switch {
		case idIn(line, "#moin") == ids+1:
			ids++
		case strings.HasSuffix(line, fmt.Sprint(" PRIVMSG #talk :word ", words)):
			words++
		}
	}
	if ids != events || words != events {
		t.Errorf("%d events and %d words came in order before the answer, not %d", ids, words, events)
	}

	for range 2 * largeWrite / 400 { // so much is not waited with
		ids++
		b.Deliver([]ircbus.Event{event(ids, "#moin", "page", "P", "comment", strings.Repeat("x", 400))})
	}
	for id := events; id < ids-largeWrite/400; {
		if id++; idIn(hasty[2].line(), "#moin") != id {
			t.Fatalf("event %d did not come in order", id)
		}
	}
}

// TestHastyInTime: what waits comes by itself.
func TestHastyInTime(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Burst, c.Limits.Lines, c.Limits.delay = 300, 0.1, time.Millisecond })
	u := b.user("hasty")
	u.send("JOIN #moin", strings.Repeat("PONG x\r\n", 40))
	u.fence()
	for i := range 100 {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "P")})
		if id := idIn(u.line(), "#moin"); id != i+1 {
			t.Fatalf("%d came instead of %d", id, i+1)
		}
	}
}

// TestHasteEnds: a connection is hasty until it has been silent for long enough.
func TestHasteEnds(t *testing.T) {
	c, l, now := &conn{}, rate.NewLimiter(2, 100), time.Now()
	l.ReserveN(now, 10)
	if c.noteHaste(now, l); c.isHasty(now) {
		t.Error("a tenth of the burst is haste")
	}
	l.ReserveN(now, 20)
	c.noteHaste(now, l)
	if !c.isHasty(now.Add(9999*time.Millisecond)) || c.isHasty(now.Add(10001*time.Millisecond)) {
		t.Error("twenty lines too many, two a second, are haste for other than ten seconds")
	}
}
