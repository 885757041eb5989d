package ircd

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// msgid is that of the line.
func msgid(t *testing.T, line string) string {
	t.Helper()
	_, id, ok := strings.Cut(line, "msgid=")
	if !ok {
		t.Fatalf("no msgid in %q", line)
	}
	return id[:strings.IndexAny(id, "; ")]
}

var redactor = []string{"echo-message", "message-tags", "draft/message-redaction"}

func TestRedactInChannel(t *testing.T) {
	b := newBus(t)
	op, ada, old := b.user("op", redactor...), b.user("ada", redactor...), b.user("old", "message-tags")
	for _, u := range []*user{op, ada, old} {
		u.send("JOIN #talk")
		u.until(" 366 ")
	}
	op.fence()
	ada.fence()
	say := func(u *user, line string) string {
		u.send(line)
		id := msgid(t, u.line())
		for _, other := range []*user{op, ada, old} {
			if other != u {
				other.line()
			}
		}
		return id
	}
	expect := func(want string, from ...*user) {
		t.Helper()
		for _, u := range from {
			if got := u.line(); !strings.HasSuffix(got, want) {
				t.Errorf("got %q, want …%q", got, want)
			}
		}
	}
	byOp, byAda, tag := say(op, "PRIVMSG #talk :one"), say(ada, "NOTICE #talk :two"), say(ada, "@+draft/react=x TAGMSG #talk")
	ada.send("REDACT #talk " + byOp)
	if got := ada.line(); !strings.Contains(got, "FAIL REDACT REDACT_FORBIDDEN #talk "+byOp+" :") {
		t.Error(got)
	}
	ada.send("REDACT #TALK " + byAda + " :wrong channel")
	expect(":ada!~ada@127.0.0.1 REDACT #talk "+byAda+" :wrong channel", ada, op)
	op.send("REDACT #talk " + tag)
	expect(":op!~op@127.0.0.1 REDACT #talk "+tag, op, ada)
	op.send("REDACT #talk " + tag)
	if got := op.line(); !strings.Contains(got, "FAIL REDACT UNKNOWN_MSGID #talk "+tag+" :") {
		t.Error(got)
	}
	ada.send("PRIVMSG op :psst")
	private := msgid(t, ada.line())
	op.line()
	for _, wrong := range []string{"REDACT #talk " + private, "REDACT old " + private, "REDACT ada " + private} {
		ada.send(wrong)
		if got := ada.line(); !strings.Contains(got, "UNKNOWN_MSGID") {
			t.Errorf("%s: %s", wrong, got)
		}
	}
	op.send("REDACT op " + private)
	if got := op.line(); !strings.Contains(got, "UNKNOWN_MSGID") {
		t.Error(got)
	}
	ada.send("REDACT OP " + private)
	expect(":ada!~ada@127.0.0.1 REDACT op "+private, ada, op)
	if got := old.fence(); len(got) > 0 {
		t.Errorf("who does not understand REDACT got %q", got)
	}
}

// TestSentIsBounded: what can be redacted is limited, the newest is kept.
func TestSentIsBounded(t *testing.T) {
	var l sentLog
	for i := range maxSent + 10 {
		if i == 5 {
			l.forget("3")
		}
		l.add(sent{msgid: itoa(i)})
	}
	if len(l.ring) != maxSent || len(l.byID) != maxSent || l.find("9") != nil || l.find("10") == nil || l.find(itoa(maxSent+9)).msgid != itoa(maxSent+9) {
		t.Errorf("%d places, %d messages", len(l.ring), len(l.byID))
	}
	l.forget("10")
	l.add(sent{msgid: "new"})
	if l.find("new") == nil || len(l.ring) != maxSent || len(l.byID) != maxSent {
		t.Error("a place was lost")
	}
}

// TestRedactFails: a store that cannot write is told as one.
func TestRedactFails(t *testing.T) {
	b := newBus(t)
	moin := b.publisher("moin", redactor...)
	b.mu.Lock()
	b.fail = ircbus.Refuse(ircbus.StoreUnavailable, "no room")
	b.mu.Unlock()
	moin.send("REDACT #moin 1")
	if got := moin.line(); got != ":irc.test FAIL REDACT STORE_UNAVAILABLE #moin 1 :no room" {
		t.Error(got)
	}
}
