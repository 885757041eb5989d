package bus

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestPrivateHistory: what two people have said to one another is for the two
// alone: not for HTTP, and not for who gets the name of an account later.
func TestPrivateHistory(t *testing.T) {
	c := quiet(t)
	c.Chat = Chat{Private: true, Channels: true}
	b := startBus(t, c)
	const password = "correct horse battery"
	enrol := func(name string) {
		t.Helper()
		if err := b.Accounts().Add(account.Account{Name: name, Role: account.User}, password); err != nil {
			t.Fatal(err)
		}
	}
	enrol("ann")
	enrol("bob")
	ann := connectAs(t, b.IRCAddr(), "ann", "ann:"+password)
	bob := connectAs(t, b.IRCAddr(), "bobby", "bob:"+password)
	ann.say("PRIVMSG bobby :the hidden word")
	bob.until("PRIVMSG bobby :the hidden word")
	ann.say("JOIN #talk")
	ann.say("PRIVMSG #talk :the open word")
	history := func(p *person, with string) string {
		t.Helper()
		p.say("CHATHISTORY LATEST " + with + " * 10")
		p.say("PING end")
		if line := p.until("PRIVMSG", "FAIL", "PONG"); !strings.Contains(line, "PONG") {
			p.until("PONG")
			return line
		}
		return ""
	}
	for _, p := range []struct {
		who  *person
		with string
	}{{ann, "bobby"}, {ann, "bob"}, {bob, "ann"}} {
		if got := history(p.who, p.with); !strings.Contains(got, "the hidden word") {
			t.Errorf("with %s: %q", p.with, got)
		}
	}
	for _, path := range []string{"/?action=changes&format=json", "/changes?channel=%23talk&format=qs", "/wikis"} {
		if _, body := get(t, b.URL()+path); strings.Contains(body, "word") {
			t.Errorf("%s shows what people say: %s", path, body)
		}
	}

	if err := b.Accounts().Remove("ann"); err != nil {
		t.Fatal(err)
	}
	ann.until("ERROR")
	enrol("ann")
	later := connectAs(t, b.IRCAddr(), "ann", "ann:"+password)
	if got := history(later, "bob"); got != "" {
		t.Errorf("a later ann sees %q", got)
	}
	later.say("CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2200-01-01T00:00:00.000Z 9")
	later.say("PING end")
	if line := later.until("TARGETS", "PONG"); !strings.Contains(line, "PONG") {
		t.Errorf("a later ann has the target %s", line)
	}
	if got := history(bob, "ann"); !strings.Contains(got, "the hidden word") {
		t.Errorf("bob's own copy: %q", got)
	}
	if err := b.Accounts().Remove("bob"); err != nil {
		t.Fatal(err)
	}
	if removed, err := b.retainChat(t.Context()); removed != 1 || err != nil {
		t.Errorf("with the account %d messages went, %v", removed, err)
	}
}
