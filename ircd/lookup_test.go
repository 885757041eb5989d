package ircd

import (
	"context"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestLookups: a question keeps the order of its own connection and holds up
// nobody else; who joins is sent nothing before the answer is complete.
func TestLookups(t *testing.T) {
	asked, gate := make(chan struct{}, 16), make(chan struct{})
	b := newBus(t, func(c *Config) {
		events := c.Events
		c.Events = func(ctx context.Context, q EventQuery, fn func(*ircbus.Event) error) error {
			asked <- struct{}{}
			select {
			case <-gate:
				return events(ctx, q, fn)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c.Replay = Replay{Text: 1}
	})
	moin := b.publisher("moin")
	moin.send("PRIVMSG #moin :page=A&user=ann")
	moin.fence()
	ann, bob, joiner := b.user("ann"), b.user("bob"), b.user("joiner")
	ann.send("CHATHISTORY LATEST #moin * 1", "PING after")
	joiner.send("JOIN #moin.text", "PING after")
	<-asked
	<-asked
	bob.send("PRIVMSG ann :hi", "PRIVMSG joiner :hi")
	bob.fence()
	if line := ann.line(); !strings.HasSuffix(line, "PRIVMSG ann :hi") {
		t.Errorf("while she asks, ann gets %s", line)
	}
	moin.send("PRIVMSG #moin :page=B&user=ann")
	moin.fence()
	// As many as may read at once, and one more.
	var crowd []*user
	for _, nick := range []string{"c1", "c2", "c3"} {
		u := b.user(nick)
		u.send("CHATHISTORY LATEST #moin * 5")
		crowd = append(crowd, u)
	}
	for range maxLookups - 2 {
		<-asked
	}
	select {
	case <-asked:
		t.Errorf("more than %d read at once", maxLookups)
	default:
	}
	close(gate)
	for _, want := range []string{"PRIVMSG #moin :id=1&", "PONG irc.test after"} {
		if line := ann.line(); !strings.Contains(line, want) {
			t.Errorf("ann gets %s, want %s", line, want)
		}
	}
	for _, want := range []string{"JOIN", "332", "333", "353", "366", "[2026-11-20 10:00:01] [[A]]"} {
		if line := joiner.line(); !strings.Contains(line, want) {
			t.Errorf("joiner gets %s, want %s", line, want)
		}
	}
	rest := strings.Join(joiner.until("PONG irc.test after"), "\n")
	for _, want := range []string{"PRIVMSG joiner :hi\n", "#moin.text :[[B]]"} {
		if strings.Count(rest, want) != 1 {
			t.Errorf("then the joiner gets\n%s", rest)
		}
	}
	for _, u := range crowd {
		u.until("PRIVMSG #moin :id=2&")
	}
}

// TestUnfinished: what a search that was given up has found is shown, and that
// it found nothing is not taken for the end.
func TestUnfinished(t *testing.T) {
	b := newBus(t, func(c *Config) {
		events := c.Events
		c.Events = func(ctx context.Context, q EventQuery, fn func(*ircbus.Event) error) error {
			if err := events(ctx, q, fn); err != nil {
				return err
			}
			return ErrUnfinished
		}
	})
	moin := b.publisher("moin")
	moin.send("PRIVMSG #moin :page=A&user=ann")
	moin.fence()
	ann := b.user("ann")
	ann.send("CHATHISTORY LATEST #moin?page=A * 5", "CHATHISTORY LATEST #moin?page=B * 5", "CHATHISTORY AROUND #moin?page=A msgid=1 5")
	for _, want := range []string{
		"PRIVMSG #moin?page=A :id=1&",
		"400 ann CHATHISTORY LATEST #moin?page=B :Messages could not be retrieved: the filter matches too little",
		"PRIVMSG #moin?page=A :id=1&",
	} {
		if line := ann.line(); !strings.Contains(line, want) {
			t.Errorf("%s, want %s", line, want)
		}
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add("LATEST #moin * 10")
	f.Add("between #moin msgid=1 timestamp=2026-11-20T10:00:00.123Z 1000")
	f.Add("AROUND ann timestamp=2026-11-20T10:00:00.123456Z 1")
	f.Add("TARGETS timestamp=0001-01-01T00:00:00.000Z timestamp=9999-12-31T23:59:59.999Z 5")
	f.Add("BEFORE #moin number=1 -5")
	f.Fuzz(func(t *testing.T, line string) {
		q, err := parseQuestion(strings.Fields(line))
		if err != nil {
			if fail, ok := err.(*failure); !ok || fail.command != "CHATHISTORY" || fail.reason == "" {
				t.Errorf("%q: %v", line, err)
			}
			return
		}
		if q.limit < 1 || q.limit > MaxHistory || len(q.refs) != max(1, subcommands[q.subcommand]) {
			t.Errorf("%q: %+v", line, q)
		}
		for _, r := range q.refs {
			if r == nil && q.subcommand != "LATEST" || r != nil && (r.msgid == "") == r.at.IsZero() && r.unit == 0 {
				t.Errorf("%q: the reference %+v", line, r)
			}
		}
	})
}
