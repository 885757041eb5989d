package bus

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// TestRedactOnIRC removes an event by REDACT, and people's words with it.
func TestRedactOnIRC(t *testing.T) {
	c := quiet(t)
	c.Chat.Channels = true
	b := startBus(t, c)
	for name, role := range map[string]account.Role{"moin": account.Publisher, "boss": account.Operator} {
		if err := b.Accounts().Add(account.Account{Name: name, Role: role}, "a long secret"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.directory.refresh(); err != nil {
		t.Fatal(err)
	}
	receipts, err := b.Append(t.Context(), []ircbus.Event{event(t, "moin", "page=A&comment=private"), event(t, "moin", "page=B")})
	if err != nil {
		t.Fatal(err)
	}
	p := connect(t, b.IRCAddr(), "ada")
	p.say("CAP REQ :message-tags echo-message draft/message-redaction sasl")
	p.say("JOIN #moin,#moin.text,#talk")
	p.until(" 366 ada #talk ")
	p.say("REDACT #moin 1")
	p.until("FAIL REDACT REDACT_FORBIDDEN #moin 1 :")
	p.say("AUTHENTICATE PLAIN")
	p.until("AUTHENTICATE +")
	p.say("AUTHENTICATE AGJvc3MAYSBsb25nIHNlY3JldA==") // boss
	p.until(" 903 ")
	p.say("REDACT #moin 99")
	p.until("FAIL REDACT UNKNOWN_MSGID #moin 99 :")
	p.say("REDACT #moin.text 1 :names somebody")
	p.until(" PRIVMSG #moin :id=3&action=REDACT&user=boss&time=")
	p.until(":moin!moin@ircbus.local REDACT #moin.text 1 :names somebody")
	if status, body := get(t, b.URL()+"/events/1"); status != 410 || !strings.Contains(body, `"tombstone":3`) {
		t.Errorf("got %d %s", status, body)
	}
	if status, _ := get(t, b.URL()+"/events/2"); status != 200 || receipts[1].ID != 2 {
		t.Errorf("the other event: %d", status)
	}
	p.say("PRIVMSG #talk :oops")
	line := p.until(" PRIVMSG #talk :oops")
	_, id, _ := strings.Cut(line, "msgid=")
	id = id[:strings.IndexAny(id, "; ")]
	p.say("REDACT #talk " + id)
	p.until(" REDACT #talk " + id)
	if n, err := b.store.Retract(t.Context(), id); n != 0 || err != nil {
		t.Errorf("%d copies were still kept, %v", n, err)
	}
}

// TestRedactOldMessages: what is kept can be taken back after a restart, by its
// sender's account and by operators.
func TestRedactOldMessages(t *testing.T) {
	c := quiet(t)
	c.Chat.Channels, c.Chat.Private = true, true
	b := startBus(t, c)
	for name, role := range map[string]account.Role{"ada": account.User, "ben": account.User} {
		if err := b.Accounts().Add(account.Account{Name: name, Role: role}, "a long secret"); err != nil {
			t.Fatal(err)
		}
	}
	enter := func(name string) *person {
		p := connect(t, b.IRCAddr(), "guest_"+name) // the nick is its account's
		p.say("CAP REQ :message-tags echo-message draft/message-redaction sasl")
		p.say("AUTHENTICATE PLAIN")
		p.until("AUTHENTICATE +")
		p.say("AUTHENTICATE " + base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00a long secret")))
		p.until(" 903 ")
		p.say("NICK " + name)
		p.say("JOIN #talk")
		p.until(" 366 " + name + " ")
		return p
	}
	ada, ben := enter("ada"), enter("ben")
	said := func(p *person, target, text string) string {
		p.say("PRIVMSG " + target + " :" + text)
		_, id, _ := strings.Cut(p.until(" PRIVMSG "+target+" :"+text), "msgid=")
		return id[:strings.IndexAny(id, "; ")]
	}
	first, second, secret := said(ada, "#talk", "one"), said(ben, "#talk", "two"), said(ben, "ada", "psst")
	stopBus(t, b)
	b = startBus(t, c)
	ada, ben = enter("ada"), enter("ben") // ada is operator of the channel now
	ben.say("REDACT #talk " + first)
	ben.until("FAIL REDACT REDACT_FORBIDDEN #talk " + first)
	ada.say("REDACT ben " + secret)
	ada.until("FAIL REDACT REDACT_FORBIDDEN ben " + secret)
	ben.say("REDACT ada " + first)
	ben.until("FAIL REDACT UNKNOWN_MSGID ada " + first)
	ben.say("REDACT ada " + secret)
	ben.until(" REDACT ada " + secret)
	ada.until(" REDACT ada " + secret)
	for _, id := range []string{first, second} {
		ada.say("REDACT #talk " + id)
		ben.until(" REDACT #talk " + id)
	}
	for _, id := range []string{first, second, secret} {
		if n, err := b.store.Retract(t.Context(), id); n != 0 || err != nil {
			t.Errorf("%d copies of %s were still kept, %v", n, id, err)
		}
	}
}
