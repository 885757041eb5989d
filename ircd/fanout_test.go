package ircd

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// event makes an event as a store would deliver it.
func event(id int, channel string, fields ...string) ircbus.Event {
	e := ircbus.Event{ID: ircbus.ID(id), At: day.Add(time.Duration(id) * time.Millisecond), Channel: channel, Publisher: channel[1:]}
	for i := 0; i+1 < len(fields); i += 2 {
		e.Fields = append(e.Fields, ircbus.Field{Key: fields[i], Value: fields[i+1]})
	}
	return e
}

// idIn finds id=N in a line; 0 if it is not an event of channel.
func idIn(line, channel string) int {
	_, text, ok := strings.Cut(line, " PRIVMSG "+channel+" :id=")
	if !ok {
		return 0
	}
	digits, _, _ := strings.Cut(text, "&")
	id, _ := strconv.Atoi(digits)
	return id
}

// TestOnceInOrder: many members come, go, change their capabilities and ping,
// while events are delivered. Between its JOIN and PART each sees every event
// once and in order, and before each PONG everything delivered before the PING.
func TestOnceInOrder(t *testing.T) {
	b := newBus(t)
	const members, events = 12, 3000
	var delivered sync.Mutex // held by who reads or moves last
	last := 0
	var wg sync.WaitGroup
	for i := range members {
		wg.Go(func() {
			u := b.user(fmt.Sprintf("member%d", i))
			rnd := rand.New(rand.NewPCG(1, uint64(i)))
			seen, first := 0, true
			u.send("JOIN #moin")
			for seen < events {
				delivered.Lock()
				known := last
				delivered.Unlock()
				switch rnd.IntN(4) {
				case 0:
					u.send("CAP REQ :" + []string{"", "-"}[rnd.IntN(2)] + []string{"server-time", "message-tags", "account-tag"}[rnd.IntN(3)])
				case 1:
					u.send("PART #moin", "JOIN #moin")
				}
				parted := false
				for _, line := range u.fence() {
					if strings.Contains(line, " PART ") {
						parted = true
					}
					id := idIn(line, "#moin")
					if id == 0 {
						continue
					}
					if id != seen+1 && !first && !(parted && id > seen) {
						t.Errorf("%d came after %d: %s", id, seen, line)
						return
					}
					seen, first, parted = id, false, false
				}
				if parted {
					first = true // joined later than anything we have seen
				}
				if seen < known && !first {
					t.Errorf("PONG came when only %d of %d had come", seen, known)
					return
				}
				if known == events {
					return
				}
			}
		})
	}
	for i := 1; i <= events; {
		n := min(events-i+1, 1+rand.IntN(7))
		var batch []ircbus.Event
		for range n {
			batch = append(batch, event(i, "#moin", "page", fmt.Sprint("P", i), "comment", strings.Repeat("x", i%300)))
			i++
		}
		b.Deliver(batch)
		delivered.Lock()
		last = i - 1
		delivered.Unlock()
		if i%50 == 0 { // let them keep up a little: wait for one round trip
			b.user(fmt.Sprintf("pace%d", i)).nc.Close()
		}
	}
	wg.Wait()
}

// TestPartsStayTogether: the parts of a long event are not interleaved with
// another event, and join to the event.
func TestPartsStayTogether(t *testing.T) {
	b := newBus(t)
	u := b.user("alice")
	u.send("JOIN #moin?page=L*")
	u.fence()
	long := event(1, "#moin", "page", "Long", "comment", strings.Repeat("שלום & ", 800))
	b.Deliver([]ircbus.Event{long, event(2, "#moin", "page", "Last")})
	var joiner ircbus.Joiner
	for _, line := range u.fence() {
		_, text, _ := strings.Cut(line, " PRIVMSG #moin?page=L* :")
		if len(line) > 510 {
			t.Errorf("a line has %d bytes", len(line)+2)
		}
		packed, err := ircbus.ParsePacked(text)
		if err != nil {
			t.Fatal(err)
		}
		fields, done, err := joiner.Add(packed)
		if err != nil {
			t.Fatal(err)
		}
		if done && packed.ID == 1 && fields.Encode() != long.Fields.Encode() {
			t.Errorf("joined to %s", fields.Encode())
		}
	}
	if joiner.Pending() {
		t.Error("a part is missing")
	}
}

// TestSlowReader: who does not read is cut off, is told where to resume, and
// costs the others nothing.
func TestSlowReader(t *testing.T) { overBoth(t, testSlowReader) }

func testSlowReader(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t, func(c *Config) { c.Limits.Behind = 300_000 })
	slow, quick := b.user("slow"), b.user("quick")
	slow.send("JOIN #moin", "JOIN #moin?page=*,#pmwiki")
	slow.fence()
	quick.send("JOIN #moin")
	quick.fence()
	id := 1 // the slow one still reads that
	b.Deliver([]ircbus.Event{event(id, "#moin", "page", "First")})
	slow.fence()
	quick.fence()
	for !cutOff(b, "slow") {
		for range 100 {
			id++
			b.Deliver([]ircbus.Event{event(id, "#moin", "page", "P", "comment", strings.Repeat("x", 300))})
		}
		lines := quick.fence()
		if len(lines) != 100 || idIn(lines[99], "#moin") != id {
			t.Fatalf("%d lines came, the last %s", len(lines), lines[len(lines)-1])
		}
		if id > 1_000_000 {
			t.Fatal("the slow reader is never cut off")
		}
	}
	lines := slow.rest()
	wait(t, "the cut to be counted", func() bool { return b.Stats().SlowCut == 1 })
	if len(lines) == 0 {
		t.Fatal("nothing came")
	}
	// Both views must be complete up to the id it is told.
	end := lines[len(lines)-1]
	var resume int
	if _, err := fmt.Sscanf(end, "ERROR :Too slow: resume after id %d", &resume); err != nil {
		t.Fatalf("the last line is %q", end)
	}
	for _, channel := range []string{"#moin", "#moin?page=*"} {
		seen := 1
		for _, line := range lines {
			if id := idIn(line, channel); id != 0 {
				if id != seen+1 {
					t.Fatalf("%s: %d after %d", channel, id, seen)
				}
				seen = id
			}
		}
		if resume > seen || resume == 0 {
			t.Errorf("%s has come up to %d, resume says %d", channel, seen, resume)
		}
	}
}

func cutOff(b *bus, nick lcNick) bool {
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	p := b.nicks[nick]
	return p == nil || p.clients[0].conn.isCut()
}

// TestForgotten: once everybody has read, no bytes of a stream are kept, and no
// stream is once nobody is there.
func TestForgotten(t *testing.T) {
	b := newBus(t)
	u := b.user("alice", "server-time")
	u.send("JOIN #moin,#moin?page=x")
	u.fence()
	for i := range 2000 {
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "x")})
	}
	u.fence()
	b.Server.mu.Lock()
	v := b.feeds["#moin"].views["#moin?page=x"]
	st := v.streams[streamKey{tags: tagTime}]
	b.Server.mu.Unlock()
	wait(t, "the stream to be empty", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return len(st.chunks) <= 1 && len(st.marks) == 0 && (st.chunks == nil || cap(st.chunks[0]) <= firstChunk)
	})
	u.send("PART #moin,#moin?page=x")
	u.fence()
	b.Server.mu.Lock()
	if n := len(b.feeds["#moin"].views); n != 0 {
		t.Errorf("%d views are left", n)
	}
	b.Server.mu.Unlock()
	wait(t, "its place to be given back", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return len(st.members) == 0
	})
}

// wait polls for what has no event to wait for.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}
