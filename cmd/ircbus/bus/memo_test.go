package bus

import (
	"errors"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// TestMemosAcrossRestart: what a door tells somebody who is away is given after a
// restart, once, and within the limit.
func TestMemosAcrossRestart(t *testing.T) {
	c := quiet(t)
	c.Memos.MaxCount = 2
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "Anna", Role: account.User}, "correct horse"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "prism"}); err != nil {
		t.Fatal(err)
	}
	to, err := b.person("anna") // made just now
	if err != nil || to != "Anna" {
		t.Fatal(to, err)
	}
	for _, nobody := range []string{"prism", "bob", ""} {
		if _, err := b.person(nobody); err == nil {
			t.Errorf("%q is a person", nobody)
		}
	}
	for _, text := range []string{"one", "two"} {
		if err := b.notify(t.Context(), ircbus.Memo{From: "prism", To: to, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	err = b.notify(t.Context(), ircbus.Memo{From: "prism", To: to, Text: "three"})
	if r, ok := errors.AsType[*ircbus.Refusal](err); !ok || r.Code != ircbus.RateLimited {
		t.Errorf("a third memo: %v", err)
	}
	if err := b.notify(t.Context(), ircbus.Memo{From: "gone", To: to, Text: "x"}); err == nil {
		t.Error("a publisher that there is none of could tell somebody something")
	}
	stopBus(t, b)
	b = startBus(t, c)
	for _, want := range []bool{true, false} {
		p := dialPlain(t, b)
		p.say("PASS :anna:correct horse")
		p.say("NICK anna")
		p.say("USER a 0 * :a")
		p.until(" 422 ")
		if want {
			p.until(":prism!prism@ircbus.local PRIVMSG anna :one")
			p.until("PRIVMSG anna :two")
			ping := p.until("PING memo-2")
			p.say("PONG " + strings.TrimPrefix(strings.TrimSpace(ping), "PING "))
		}
		p.say("PING end")
		if line := p.until(" PONG ", " PRIVMSG "); strings.Contains(line, "PRIVMSG") {
			t.Errorf("given again: %s", line)
		}
		p.say("QUIT")
		p.until("ERROR")
	}
	if err := b.Accounts().Remove("anna"); err != nil {
		t.Fatal(err)
	}
	if n, err := b.retainMemos(t.Context()); err != nil || n != 0 {
		t.Error(n, err)
	}
}
