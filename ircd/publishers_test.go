package ircd

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestSetPublishers: publishers come, change and go while people are there.
func TestSetPublishers(t *testing.T) {
	b := newBus(t)
	alice, squatter := b.user("alice", "server-time"), b.user("NewWiki")
	squatter.send("JOIN #newwiki")
	squatter.fence()
	pub, gone := b.publisher("moin"), b.publisher("pmwiki")
	alice.send("JOIN #moin,#moin.text,#pmwiki,#antispam")
	alice.fence()

	b.SetPublishers([]Publisher{wiki("moin", ircbus.Feed{Channel: "#antispam"}), wiki("newwiki")})
	if got := strings.Join(squatter.fence(), "\n"); !strings.Contains(got, ":NewWiki!~NewWiki@127.0.0.1 NICK newwiki_1") ||
		!strings.Contains(got, "KICK #newwiki newwiki_1 :This channel belongs to a publisher now") {
		t.Errorf("the squatter got %s", got)
	}
	if got := strings.Join(alice.fence(), "\n"); !strings.Contains(got, "KICK #pmwiki alice :") || strings.Contains(got, "#moin") || strings.Contains(got, "#antispam") {
		t.Errorf("alice got %s", got)
	}
	if got := gone.line(); got != "ERROR :The account pmwiki does not exist any more" {
		t.Errorf("the removed publisher got %s", got)
	}
	// What stayed goes on, and the new rights hold.
	pub.send("PRIVMSG #antispam :page=Spam", "PRIVMSG #moin :page=A")
	if got := pub.fence(); len(got) > 0 {
		t.Errorf("the publisher got %q", got)
	}
	got := strings.Join(alice.fence(), "\n")
	for _, part := range []string{"PRIVMSG #antispam :id=1&", "PRIVMSG #moin :id=2&", "PRIVMSG #moin.text :[[A]]"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in %s", part, got)
		}
	}
	alice.send("NICK NEWWIKI")
	if got := alice.line(); !strings.Contains(got, " 433 ") {
		t.Error(got)
	}
	// A person whose account becomes a publisher's has its nick at once.
	person := b.publisher("later")
	b.SetPublishers([]Publisher{wiki("later")})
	if got := person.line(); got != ":x!~x@127.0.0.1 NICK later" {
		t.Error(got)
	}
	person.send("PRIVMSG #later :page=A")
	if got := person.fence(); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	if s := b.Stats(); s.Accepted != 3 || s.Feeds != 2 {
		t.Errorf("stats %+v", s)
	}
}

// TestFeedsAge: a feed's channels are as old as its oldest publisher, however
// often the server has been started since.
func TestFeedsAge(t *testing.T) {
	b := newBus(t)
	young, old := wiki("young", ircbus.Feed{Channel: "#shared"}), wiki("old", ircbus.Feed{Channel: "#shared"})
	young.Created, old.Created = day, day.Add(-time.Hour)
	b.SetPublishers([]Publisher{young, old})
	u := b.user("alice")
	for channel, created := range map[string]time.Time{"#young": young.Created, "#young.text": young.Created, "#old": old.Created, "#shared": old.Created} {
		u.send("MODE " + channel)
		if got, want := strings.Join(u.fence(), "\n"), fmt.Sprintf(" 329 alice %s %d", channel, created.Unix()); !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestOddFeeds: names that cannot be, or clash, hurt nobody else.
func TestOddFeeds(t *testing.T) {
	b := newBus(t)
	b.SetPublishers([]Publisher{
		wiki("good"), {Wiki: ircbus.Wiki{Publisher: "bad name", Feeds: []ircbus.Feed{{Channel: "#bad"}}}},
		wiki("clash", ircbus.Feed{Channel: "#good.text"}, ircbus.Feed{Channel: "no"}, ircbus.Feed{Channel: "#x", Text: "#x"}),
	})
	b.Deliver([]ircbus.Event{event(1, "#good"), event(2, "#x"), event(3, "#nowhere")})
	if s := b.Stats(); s.Feeds != 5 { // #good #good.text #clash #clash.text #x
		t.Errorf("%d feeds", s.Feeds)
	}
}

// TestReadableLine: whatever a style returns, it is one line of at most 512
// bytes, with addresses filled in from the wiki's templates.
func TestReadableLine(t *testing.T) {
	b := newBus(t)
	p := wiki("moin")
	p.PageURL = "http://moin.test/{page}"
	p.Line = func(e *ircbus.Event, max int) string {
		return e.Fields.Get("url") + " a\r\nb\x00" + strings.Repeat("ש", max)
	}
	b.SetPublishers([]Publisher{p})
	u := b.user("alice", "message-tags")
	u.send("JOIN #moin.text,#moin")
	u.fence()
	b.Deliver([]ircbus.Event{
		event(1, "#moin", "page", "A", "comment", `back\slash`),
		event(2, "#moin", "page", "A", "comment", strings.Repeat("x", 5000)),
	})
	var texts []string
	for _, line := range u.fence() {
		if !strings.Contains(line, "#moin.text") {
			if strings.Contains(line, "http://") {
				t.Errorf("packed lines are not filled in: %s", line)
			}
			continue
		}
		tags, body, _ := strings.Cut(line, " ")
		if len(body) > 510 || !strings.HasPrefix(body, ":moin!moin@irc.test PRIVMSG #moin.text :http://moin.test/A a  bש") {
			t.Errorf("%d bytes: %s", len(body), body)
		}
		texts = append(texts, tags)
	}
	if len(texts) != 2 || texts[0] != `@msgid=1;bot;+ircbus.github.io/event=id=1&page=A&comment=back\\slash` || texts[1] != "@msgid=2;bot" {
		t.Errorf("tags %q", texts)
	}
}

// TestEmptyReadableLine: of an event for which a template has nothing to say,
// people see nothing; programs see it.
func TestEmptyReadableLine(t *testing.T) {
	b := newBus(t)
	p := wiki("moin")
	p.Line = func(e *ircbus.Event, _ int) string { return e.Fields.Get("comment") }
	b.SetPublishers([]Publisher{p})
	u := b.user("alice")
	u.send("JOIN #moin.text,#moin")
	u.fence()
	before := b.Stats().Deliveries
	b.Deliver([]ircbus.Event{event(1, "#moin", "page", "A"), event(2, "#moin", "comment", "  "), event(3, "#moin", "comment", "said")})
	var texts []string
	for _, line := range u.fence() {
		if _, text, ok := strings.Cut(line, "#moin.text :"); ok {
			texts = append(texts, text)
		}
	}
	if len(texts) != 1 || texts[0] != "said" {
		t.Errorf("people see %q", texts)
	}
	if n := b.Stats().Deliveries - before; n != 4 {
		t.Errorf("%d deliveries are counted, want 4", n)
	}
}

// TestRevokedWhileStoring: what waits for a publisher's connection, until it is
// known which events are its own, is not lost when it may not publish in that
// feed any more.
func TestRevokedWhileStoring(t *testing.T) {
	var b *bus
	entered, resume := make(chan struct{}), make(chan struct{})
	b = newBus(t, func(c *Config) {
		c.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			close(entered)
			<-resume
			return []ircbus.Receipt{{ID: 9}}, nil
		}
	})
	pub := b.publisher("pmwiki")
	pub.send("JOIN #antispam", "PRIVMSG #pmwiki :page=A")
	<-entered
	b.Deliver([]ircbus.Event{event(5, "#antispam", "page", "B")})
	b.SetPublishers([]Publisher{wiki("moin", ircbus.Feed{Channel: "#antispam"}), wiki("pmwiki")})
	b.Deliver([]ircbus.Event{event(6, "#antispam", "page", "C")})
	close(resume)
	var ids []int
	for _, line := range pub.fence() {
		if id := idIn(line, "#antispam"); id != 0 {
			ids = append(ids, id)
		}
	}
	if len(ids) != 2 || ids[0] != 5 || ids[1] != 6 {
		t.Errorf("got %d, want 5 and 6", ids)
	}
}

// TestShutdown: everybody is told and the connections are closed, also of those
// who are not registered yet.
func TestShutdown(t *testing.T) {
	b := newBus(t)
	alice, raw := b.user("alice"), b.dial()
	raw.send("PING x")
	raw.line()
	alice.send("JOIN #moin")
	alice.fence()
	b.Deliver([]ircbus.Event{event(1, "#moin", "page", "Last")})
	done := make(chan error, 1)
	go func() { done <- b.Shutdown(context.Background(), "Going down") }()
	if got := alice.rest(); len(got) != 2 || got[1] != "ERROR :Going down" {
		t.Errorf("alice got %q", got)
	}
	if got := raw.rest(); len(got) != 1 || got[0] != "ERROR :Going down" {
		t.Errorf("the other got %q", got)
	}
	alice.nc.Close()
	raw.nc.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	b.Deliver([]ircbus.Event{event(2, "#moin", "page", "Later")})
	if s := b.Stats(); s.Connections != 0 || s.Registered != 0 {
		t.Errorf("stats %+v", s)
	}
}
