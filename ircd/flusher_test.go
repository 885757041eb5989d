package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestLateMember: who reads late gets every line of each view, whole and in
// order, however the system has cut what was written.
func TestLateMember(t *testing.T) { overBoth(t, testLateMember) }

func testLateMember(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t)
	u := b.user("alice")
	views := []string{"#moin", "#moin?page=P*", "#moin?page=P*&user=!x"}
	for _, view := range views {
		u.send("JOIN " + view)
	}
	u.fence()
	const events = 4500
	text := strings.Repeat("x", 400)
	for i := range events {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", fmt.Sprint("P", i), "comment", text)})
	}
	seen := make(map[string]int)
	for _, line := range u.fence() {
		for _, view := range views {
			if id := idIn(line, view); id != 0 {
				if id != seen[view]+1 || !strings.HasSuffix(line, text) {
					t.Fatalf("%s: %s came after %d", view, line, seen[view])
				}
				seen[view] = id
			}
		}
	}
	for _, view := range views {
		if seen[view] != events {
			t.Errorf("%s: %d lines came", view, seen[view])
		}
	}
}

// TestGather: with a window, a line comes after it, with others that have come
// meanwhile.
func TestGather(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Gather = 1 })
	u := b.user("alice")
	u.send("JOIN #moin")
	u.fence()
	for i := range 100 {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "P")})
		if i%10 == 9 {
			for j := i - 9; j <= i; j++ {
				if id := idIn(u.line(), "#moin"); id != j+1 {
					t.Fatalf("%d came instead of %d", id, j+1)
				}
			}
		}
	}
}

// TestRounds: more members than have their turns at once get everything in
// order, also when one of them leaves in between.
func TestRounds(t *testing.T) { overBoth(t, testRounds) }

func testRounds(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t)
	const members, events = 3*turnsAtOnce + 1, 50
	var users []*user
	for i := range members {
		u := b.user(fmt.Sprint("u", i))
		u.send("JOIN #moin")
		u.fence()
		users = append(users, u)
	}
	for i := range events {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "P")})
		if i == events/2 {
			users[0].send("PART #moin")
			users[0].fence()
		}
	}
	for _, u := range users[1:] {
		lines := u.fence()
		if len(lines) != events {
			t.Fatalf("%d lines came, want %d", len(lines), events)
		}
		for i, line := range lines {
			if idIn(line, "#moin") != i+1 {
				t.Fatalf("line %d is %s", i+1, line)
			}
		}
	}
}

// TestRest: members wait after a round only if that makes writes fewer.
func TestRest(t *testing.T) {
	begun := time.Now()
	for name, c := range map[string]struct {
		round roundSoFar
		took  time.Duration
		want  time.Duration
	}{
		"many lines":     {roundSoFar{turns: 1000, size: 300_000, came: 5}, 5 * time.Millisecond, 5 * time.Millisecond},
		"a long round":   {roundSoFar{turns: 1000, size: 300_000, came: 5}, time.Second, maxRest},
		"one line":       {roundSoFar{turns: 1000, size: 300_000, came: 1}, 5 * time.Millisecond, 0},
		"a short round":  {roundSoFar{turns: 10, size: 3_000, came: 5}, 100 * time.Microsecond, 0},
		"large writes":   {roundSoFar{turns: 1000, size: 1000 * largeWrite, came: 60}, 5 * time.Millisecond, 0},
		"others' writes": {roundSoFar{turns: 100, size: 30_000, came: 5, woken: 100}, 100 * time.Microsecond, 100 * wakeCost},
	} {
		c.round.begun = begun
		if got := c.round.rest(begun.Add(c.took)); got != c.want {
			t.Errorf("%s: the rest after %v is %v, want %v", name, c.took, got, c.want)
		}
	}
}
