package ircd

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestStalledReaders: many connections that never read are all cut off, what is
// kept for them is bounded meanwhile, also in the system, and a publisher's
// acknowledgements and another reader go on. Those who read after all are told
// where to resume.
func TestStalledReaders(t *testing.T) { overBoth(t, testStalledReaders) }

func testStalledReaders(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	t.Parallel()
	const stalled, limit = 10, 200_000
	b := newBus(t, func(c *Config) { c.Limits.Behind = limit })
	var all []*user
	for i := range stalled {
		u := b.user(fmt.Sprint("stalled", i))
		u.send("JOIN #moin")
		u.fence()
		bottom(u.nc).(*net.TCPConn).SetReadBuffer(64 << 10)
		all = append(all, u)
	}
	reader, pub := b.user("reader"), b.publisher("moin", "echo-message")
	reader.send("JOIN #moin")
	reader.fence()
	b.Server.mu.Lock()
	st := b.feeds["#moin"].views["#moin"].streams[streamKey{}]
	b.Server.mu.Unlock()
	body := "PRIVMSG #moin :page=P&comment=" + strings.Repeat("x", 400)
	for seen := 0; b.Stats().SlowCut < stalled; {
		for range 100 {
			pub.send(body)
		}
		for _, line := range pub.fence() {
			if idIn(line, "#moin") == 0 {
				t.Fatalf("not acknowledged: %s", line)
			}
		}
		for _, line := range reader.fence() {
			if id := idIn(line, "#moin"); id != seen+1 {
				t.Fatalf("%d came after %d", id, seen)
			}
			seen++
		}
		if kept := st.kept(); kept > limit+2*maxChunk {
			t.Fatalf("%d bytes are kept, the limit is %d", kept, limit)
		}
	}
	wait(t, "the places to be given back", func() bool {
		st.mu.Lock()
		defer st.mu.Unlock()
		return len(st.members) == 1
	})
	b.Deliver([]ircbus.Event{event(1<<40, "#moin", "page", "Last")})
	if lines := reader.fence(); len(lines) != 1 {
		t.Errorf("the reader got %q", lines)
	}
	var reading sync.WaitGroup // all at once, since the system asks ever less often whether there is room
	for _, u := range all {
		reading.Go(func() { u.isToldWhereToResume("#moin", 0) })
	}
	reading.Wait()
}

// isToldWhereToResume reads what comes after an event, to the end, and checks it.
func (u *user) isToldWhereToResume(channel string, seen int) {
	lines, size := u.rest(), 0
	if len(lines) == 0 {
		u.t.Error("nothing came")
		return
	}
	for _, line := range lines[:len(lines)-1] {
		if id := idIn(line, channel); id != seen+1 {
			u.t.Errorf("%d came after %d: %s", id, seen, line)
		}
		seen++
		size += len(line)
	}
	var resume int
	end := lines[len(lines)-1]
	if _, err := fmt.Sscanf(end, "ERROR :Too slow: resume after id %d", &resume); err != nil || resume == 0 || resume > seen {
		u.t.Errorf("after event %d the end is %s", seen, end)
	}
	if size > 12*sendBuffer {
		u.t.Errorf("%d bytes have waited in the system", size)
	}
}

// TestCaseB11: who was too slow is told where to resume also if it says something
// before it reads, long after it was cut off.
func TestCaseB11(t *testing.T) { overBoth(t, testCaseB11) }

func testCaseB11(t *testing.T, newBus func(testing.TB, ...func(*Config)) *bus) {
	b := newBus(t, func(c *Config) { c.Limits.Behind, c.Limits.linger = 200_000, time.Millisecond })
	u := b.user("slow")
	u.send("JOIN #moin")
	u.fence()
	id := 1
	b.Deliver([]ircbus.Event{event(id, "#moin", "page", "First")})
	u.until("id=1&")
	for b.Stats().SlowCut == 0 {
		id++
		b.Deliver([]ircbus.Event{event(id, "#moin", "page", "P", "comment", strings.Repeat("x", 300))})
	}
	for range 300 { // which takes a time that lingering was over in
		u.nc.Write([]byte("PING x\r\n")) // fails once its system has everything
		<-time.After(time.Millisecond)
	}
	u.isToldWhereToResume("#moin", 1)
}

// kept counts the bytes in memory.
func (st *stream) kept() int {
	st.mu.Lock()
	defer st.mu.Unlock()
	n := 0
	for _, chunk := range st.chunks {
		n += len(chunk)
	}
	return n
}
