package ircd

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestSoak: two publishers send long events in parts to one feed, while people
// come and go, stall, break off and change their capabilities, and the publishers
// are set again and again. Who stays gets every event once, in order, its parts
// together, and before each PONG what was delivered before the PING.
func TestSoak(t *testing.T) {
	t.Parallel()
	const stayers, each = 6, 150
	b := newBus(t, func(c *Config) { c.Limits.Behind = 1_000_000 }) // who stays is busy with what it has read, at times
	publishers := []Publisher{wiki("moin", ircbus.Feed{Channel: "#antispam"}), wiki("pmwiki", ircbus.Feed{Channel: "#antispam"})}
	b.SetPublishers(publishers)
	var staying, passing sync.WaitGroup
	done := make(chan struct{})
	for i := range stayers {
		u := b.user(fmt.Sprint("stayer", i), "batch")
		u.send("JOIN #antispam")
		u.fence()
		staying.Go(func() { stay(b, u, uint64(i), 2*each) })
	}
	for i := range 3 {
		passing.Go(func() { comeAndGo(b, uint64(i), done) })
	}
	near, far := net.Pipe() // without the system's buffers between
	b.accept(far)
	stalled := newUser(t, near)
	stalled.send("NICK stalled", "USER s 0 * :s")
	stalled.until(" 422 ")
	stalled.send("JOIN #antispam,#antispam?page=*,#antispam?page=P*,#antispam?n=*")
	stalled.fence()
	passing.Go(func() {
		for again := true; again; {
			select {
			case <-done:
				again = false
			default:
				b.SetPublishers(publishers)
				runtime.Gosched()
			}
		}
	})
	var publishing sync.WaitGroup
	for i, name := range []string{"moin", "pmwiki"} {
		pub := b.publisher(name)
		if i == 0 { // its own rendering, too
			pub.send("JOIN #antispam")
			pub.until(" 366 ")
		}
		publishing.Go(func() { publishLong(pub, each) })
	}
	publishing.Wait()
	staying.Wait()
	close(done)
	passing.Wait()
	wait(t, "the stalled to be cut off", func() bool { return b.Stats().SlowCut == 1 })
	if s := b.Stats(); s.Refused > 0 || s.Accepted != 2*each {
		t.Errorf("stats %+v", s)
	}
}

// publishLong publishes events of 1 to 20 parts, each in one go.
func publishLong(u *user, events int) {
	for n := range events {
		f := ircbus.Fields{{Key: "page", Value: "P"}, {Key: "n", Value: fmt.Sprint(n)},
			{Key: "comment", Value: strings.Repeat("שלום & ", n%100*6)}, {Key: "key", Value: fmt.Sprint("k", n)}}
		texts, err := ircbus.PackKeyed(f, 480)
		if err != nil {
			u.t.Error(err)
			return
		}
		for i := range texts {
			texts[i] = "PRIVMSG #antispam :" + texts[i]
		}
		u.send(texts...)
		if n%10 == 0 {
			u.fence()
		}
	}
	u.fence()
}

// stay follows #antispam until it has seen all events.
func stay(b *bus, u *user, seed uint64, events int) {
	rnd := rand.New(rand.NewPCG(2, seed))
	var joiner ircbus.Joiner
	for seen := 0; seen < events; {
		if rnd.IntN(3) == 0 {
			u.send("CAP REQ :" + []string{"", "-"}[rnd.IntN(2)] + []string{"server-time", "message-tags", "account-tag"}[rnd.IntN(3)])
		}
		b.mu.Lock() // events are delivered before it is released
		delivered := len(b.events)
		b.mu.Unlock()
		for _, line := range u.fence() {
			_, text, ok := strings.Cut(line, " PRIVMSG #antispam :")
			if !ok {
				continue
			}
			packed, err := ircbus.ParsePacked(text)
			if err != nil {
				u.t.Errorf("%v: %s", err, line)
				return
			}
			fields, complete, err := joiner.Add(packed)
			if err != nil || int(packed.ID) != seen+1 {
				u.t.Errorf("after %d (%v): %s", seen, err, line)
				return
			}
			if complete {
				seen++
				checkStored(b, seen, fields)
			}
		}
		if seen < delivered {
			u.t.Errorf("PONG came when only %d of %d had come", seen, delivered)
			return
		}
	}
}

func checkStored(b *bus, id int, got ircbus.Fields) {
	b.mu.Lock()
	want := b.events[id-1].Fields
	b.mu.Unlock()
	if got.Encode() != want.Encode() {
		b.t.Errorf("%d is %s, want %s", id, got.Encode(), want.Encode())
	}
}

// comeAndGo is people who join and then leave in all possible ways.
func comeAndGo(b *bus, seed uint64, done chan struct{}) {
	rnd := rand.New(rand.NewPCG(3, seed))
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
		}
		u := b.user(fmt.Sprintf("p%d-%d", seed, i))
		u.send("JOIN #antispam,#antispam.text,#antispam?page=x")
		switch rnd.IntN(5) {
		case 0:
			u.send("PART #antispam", "JOIN #antispam", "QUIT")
		case 1:
			u.fence()
		case 2:
			u.fence()
			u.send("CAP REQ message-tags", "PART #antispam,#antispam?page=x", "JOIN #antispam")
			u.fence()
		case 3:
			u.nc.(*net.TCPConn).SetLinger(0) // the close is a reset
		}
		u.nc.Close()
	}
}

// TestNothingLeft: after many connections came and went, no goroutine, place,
// stream or view is left of them.
func TestNothingLeft(t *testing.T) {
	b := newBus(t)
	alice := b.user("alice")
	alice.send("JOIN #moin")
	alice.fence()
	goroutines, before := runtime.NumGoroutine(), b.sizes()
	id := 0
	for range 10 {
		var users []*user
		for i := range 20 {
			u := b.user(fmt.Sprint("u", i), "message-tags")
			u.send("JOIN #moin,#moin.text,#moin?page=x", "JOIN #talk", "CAP REQ server-time")
			users = append(users, u)
		}
		for i, u := range users {
			id++
			b.Deliver([]ircbus.Event{event(id, "#moin", "page", "x")})
			if i%2 == 0 {
				u.fence()
			}
			if i%3 == 0 {
				u.nc.(*net.TCPConn).SetLinger(0)
			}
			u.nc.Close()
		}
		wait(t, "them to be gone", func() bool { return b.Stats().Connections == 1 })
	}
	if lines := alice.fence(); len(lines) != id {
		t.Errorf("alice got %d lines of %d", len(lines), id)
	}
	wait(t, "their goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if left := b.left(before); left != "" {
		t.Error(left)
	}
}

// sizes are how much there is in each of the server's tables.
func (b *bus) sizes() map[string]int {
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	sizes := make(map[string]int)
	for server, i := reflect.ValueOf(b.Server).Elem(), 0; i < server.NumField(); i++ {
		switch field := server.Field(i); field.Kind() {
		case reflect.Map, reflect.Slice:
			sizes["Server."+server.Type().Field(i).Name] = field.Len()
		}
	}
	for _, fn := range b.feeds {
		sizes["views"] += len(fn.views)
		sizes["followers"] += fn.members
		for _, v := range fn.views {
			sizes["streams"] += len(v.streams)
			for _, st := range v.streams {
				st.mu.Lock()
				sizes["places"] += len(st.members)
				st.mu.Unlock()
			}
		}
	}
	for _, p := range b.publishers {
		sizes["connections of publishers"] += len(p.person.clients)
		sizes["channels of publishers"] += len(p.person.channels)
	}
	return sizes
}

// mayStay bounds what the server remembers of people who have left.
var mayStay = map[string]int{
	"Server.used":      len(commands),
	"Server.seen":      maxSeen,
	"Server.listeners": 1, // the test's, once it serves
}

// left says what is there that was not there before and should have gone.
func (b *bus) left(before map[string]int) string {
	var left []string
	now := b.sizes()
	for _, what := range slices.Sorted(maps.Keys(now)) {
		if now[what] > max(before[what], mayStay[what]) {
			left = append(left, fmt.Sprintf("%s has %d, it had %d", what, now[what], before[what]))
		}
	}
	return strings.Join(left, "; ")
}
