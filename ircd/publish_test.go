package ircd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

var allPublishing = []string{"labeled-response", "echo-message", "message-tags", "server-time", "batch", "standard-replies", "account-tag"}

// TestBatches: lines that are there already are stored together, and everything
// is answered in order.
func TestBatches(t *testing.T) {
	var b *bus
	entered, resume := make(chan int, 100), make(chan struct{})
	b = newBus(t, func(c *Config) {
		c.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			entered <- len(batch)
			<-resume
			return b.append(ctx, batch)
		}
	})
	pub := b.publisher("moin", allPublishing...)
	pub.send("@label=0 PRIVMSG #moin :page=P0")
	if n := <-entered; n != 1 {
		t.Fatalf("the first batch has %d events", n)
	}
	var lines []string
	for i := 1; i <= 60; i++ {
		lines = append(lines, fmt.Sprintf("@label=%d PRIVMSG #moin :page=P%d", i, i))
		if i == 30 {
			lines = append(lines, "@label=bad PRIVMSG #moin :page=")
			lines = append(lines, "@label=bad PRIVMSG #moin :=")
		}
	}
	pub.send(append(lines, "PING end")...)
	close(resume)
	total := 0
	for total < 61 { // 60, and "page" without a value
		n := <-entered
		total += n
		if n > 61 {
			t.Fatalf("a batch of %d", n)
		}
	}
	got := pub.until("PONG irc.test end")
	for i, line := range got[:31] {
		if !strings.HasPrefix(line, fmt.Sprintf("@label=%d;msgid=%d;", i, i+1)) {
			t.Fatalf("answer %d is %s", i, line)
		}
	}
	if len(got) != 61+2+1 || !strings.HasPrefix(got[31], "@label=bad;msgid=") || !strings.Contains(got[32], "FAIL PRIVMSG INVALID_EVENT") {
		t.Errorf("%d answers: %s / %s", len(got), got[31], got[32])
	}
	if s := b.Stats(); s.Accepted != 62 || s.Refused != 1 {
		t.Errorf("stats %+v", s)
	}
}

// TestFlights: who sends many batches at once gets every answer in its order,
// and everything is stored in that order, though one batch is stored while the
// one before is answered.
func TestFlights(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Batch = 5 })
	pub := b.publisher("moin", allPublishing...)
	const n = 200
	var lines []string
	for i := 1; i <= n; i++ {
		lines = append(lines, fmt.Sprintf("@label=%d PRIVMSG #moin :page=P%d", i, i))
	}
	pub.send(append(lines, "PING end")...)
	got := pub.until("PONG irc.test end")
	if len(got) != n+1 {
		t.Fatalf("%d answers to %d events", len(got)-1, n)
	}
	for i, line := range got[:n] {
		if !strings.HasPrefix(line, fmt.Sprintf("@label=%d;msgid=%d;", i+1, i+1)) || !strings.Contains(line, fmt.Sprintf("&page=P%d&", i+1)) {
			t.Fatalf("answer %d is %s", i+1, line)
		}
	}
}

// TestBarrier: PONG comes after what was sent before is stored, and nothing is
// seen by anybody before.
func TestBarrier(t *testing.T) {
	var b *bus
	resume := make(chan struct{})
	b = newBus(t, func(c *Config) {
		c.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			<-resume
			return b.append(ctx, batch)
		}
	})
	alice := b.user("alice")
	alice.send("JOIN #moin")
	alice.fence()
	pub := b.publisher("moin", "echo-message")
	pub.send("PRIVMSG #moin :page=A", "PING end")
	if lines := alice.fence(); len(lines) > 0 {
		t.Errorf("alice sees %q before it is stored", lines)
	}
	close(resume)
	if lines := pub.until("PONG"); len(lines) != 2 || idIn(lines[0], "#moin") != 1 {
		t.Errorf("the publisher got %q", lines)
	}
	if lines := alice.fence(); len(lines) != 1 || idIn(lines[0], "#moin") != 1 {
		t.Errorf("alice got %q", lines)
	}
}

// TestStoreFails: a store that cannot write is named, everything else goes on,
// and later it works again.
func TestStoreFails(t *testing.T) {
	var codes sync.Map
	b := newBus(t, func(c *Config) { c.Refused = func(code ircbus.Code) { codes.Store(code, true) } })
	pub := b.publisher("moin", allPublishing...)
	pub.send("JOIN #moin")
	pub.until(" 366 ")
	for _, fail := range []error{
		ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full: try again later"),
		errors.New("secret details"),
	} {
		b.mu.Lock()
		b.fail = fail
		b.mu.Unlock()
		pub.send("@label=x PRIVMSG #moin :page=A")
		answer := pub.line()
		if !strings.HasPrefix(answer, "@label=x;") || !strings.Contains(answer, "FAIL PRIVMSG STORE_UNAVAILABLE #moin :the ") ||
			strings.Contains(answer, "secret") {
			t.Errorf("the answer is %s", answer)
		}
	}
	b.mu.Lock()
	b.fail = nil
	b.mu.Unlock()
	pub.send("@label=y PRIVMSG #moin :page=A")
	if answer := pub.line(); !strings.HasPrefix(answer, "@label=y;msgid=1;") {
		t.Errorf("the answer is %s", answer)
	}
	if lines := pub.fence(); len(lines) > 0 {
		t.Errorf("also came %q", lines)
	}
	if _, ok := codes.Load(ircbus.StoreUnavailable); !ok {
		t.Error("the refusals were not counted")
	}
}

// TestLongEcho: the echo of an event longer than a line is a labelled batch of
// parts that join to it.
func TestLongEcho(t *testing.T) {
	b := newBus(t)
	pub := b.publisher("moin", allPublishing...)
	want := ircbus.Fields{{Key: "page", Value: "Long"}, {Key: "comment", Value: strings.Repeat("עברית \\ ", 300)}, {Key: "key", Value: "k"}}
	texts, err := ircbus.PackKeyed(want, 400)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		pub.send(fmt.Sprintf("@label=%d PRIVMSG #moin :%s", i, text))
	}
	for i := range texts[:len(texts)-1] {
		if line := pub.line(); line != fmt.Sprintf("@label=%d :irc.test ACK", i) {
			t.Fatalf("part %d is answered %s", i, line)
		}
	}
	if line := pub.line(); line != fmt.Sprintf("@label=%d :irc.test BATCH +r labeled-response", len(texts)-1) {
		t.Fatal(line)
	}
	var joiner ircbus.Joiner
	for _, line := range pub.until("BATCH -r") {
		_, text, ok := strings.Cut(line, " PRIVMSG #moin :")
		if !ok {
			continue
		}
		packed, err := ircbus.ParsePacked(text)
		if err != nil {
			t.Fatal(err)
		}
		if fields, done, err := joiner.Add(packed); err != nil {
			t.Fatal(err)
		} else if done && fields.Get("comment") != want[1].Value {
			t.Errorf("the echo is %q", fields)
		}
	}
	if joiner.Pending() {
		t.Error("the echo is not complete")
	}
}

// TestExactTimes: who has message-tags gets the exact time of acceptance with
// packed lines and acknowledgements, and is told of duplicates.
func TestExactTimes(t *testing.T) {
	b := newBus(t)
	reader, old := b.user("reader", "message-tags", "server-time"), b.user("old", "server-time")
	for _, u := range []*user{reader, old} {
		u.send("JOIN #moin,#moin.text")
		u.fence()
	}
	const millis, exact = "time=2026-11-20T10:00:01.000Z", ";ircbus.github.io/at=2026-11-20T10:00:01.000000Z"
	pub := b.publisher("moin", allPublishing...)
	for _, tags := range []string{millis + exact, millis + exact + ";ircbus.github.io/duplicate"} {
		pub.send("@label=x PRIVMSG #moin :page=A&key=k")
		if line := pub.line(); !strings.HasPrefix(line, "@label=x;msgid=1;"+tags+";account=moin;bot :moin!") {
			t.Errorf("the acknowledgement is %s, want %s", line, tags)
		}
	}
	for _, want := range []struct {
		u      *user
		prefix []string
	}{
		{reader, []string{"@msgid=1;" + millis + exact + ";bot :moin!moin@irc.test PRIVMSG #moin :", "@msgid=1;" + millis + ";bot;+ircbus.github.io/event="}},
		{old, []string{"@" + millis + " :moin!moin@irc.test PRIVMSG #moin :", "@" + millis + " :moin!moin@irc.test PRIVMSG #moin.text :"}},
	} {
		lines := want.u.fence()
		slices.Sort(lines)
		slices.Sort(want.prefix)
		if len(lines) != 2 || !strings.HasPrefix(lines[0], want.prefix[0]) || !strings.HasPrefix(lines[1], want.prefix[1]) {
			t.Errorf("got %q, want %q", lines, want.prefix)
		}
	}
}

// TestOwnUnderLoad: connections of one publisher in their own feed, all
// publishing and all echoing, each get every event exactly once.
func TestOwnUnderLoad(t *testing.T) {
	b := newBus(t)
	const conns, each = 4, 200
	var pubs []*user
	for range conns {
		pub := b.publisher("moin", "echo-message")
		pub.send("JOIN #moin")
		pub.until("366")
		pubs = append(pubs, pub)
	}
	var wg sync.WaitGroup
	for i, pub := range pubs {
		wg.Go(func() {
			seen := map[int]bool{0: false}
			count := func(lines []string) {
				for _, line := range lines {
					id := idIn(line, "#moin")
					if seen[id] {
						t.Errorf("connection %d got %d twice", i, id)
					}
					seen[id] = id != 0
				}
			}
			for n := range each {
				pub.send(fmt.Sprintf("PRIVMSG #moin :page=P&n=%d.%d", i, n))
				if n%17 == 0 {
					count(pub.fence())
				}
			}
			for len(seen)-1 < conns*each { // one is 0, of other lines
				count([]string{pub.line()})
			}
		})
	}
	wg.Wait()
}
