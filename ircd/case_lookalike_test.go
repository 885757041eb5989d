package ircd

import (
	"strings"
	"testing"
)

// TestCaseA15: nobody makes a channel or takes a nick that looks like a feed's or
// another's, and what looks like the bus's own word in a tag is not passed on.
func TestCaseA15(t *testing.T) {
	b := newBus(t)
	alice := b.user("alice", "message-tags", "batch", "draft/multiline")
	bob := b.user("bob", "message-tags", "batch", "draft/multiline")
	for _, line := range []string{
		"JOIN #moin\u200b", "JOIN #mоin", "JOIN #moin\u00a0", "JOIN #mo\u00adin", "JOIN #moın\u200d", "JOIN #moin.text\u2060",
		"NICK mоin", "NICK moin\u200b", "NICK moin\u00a0", "REGISTER mоin * secret",
	} {
		alice.send(line)
		if got := strings.Join(alice.fence(), "\n"); strings.Contains(got, " JOIN ") || strings.Contains(got, " NICK ") || got == "" {
			t.Errorf("%+q is answered %q", line, got)
		}
	}
	for _, u := range []*user{alice, bob} {
		u.send("JOIN #talk", "JOIN #می\u200cخواهم")
		u.fence()
	}
	alice.fence()
	for _, tag := range []string{"+ircbus.github.io/event=id=1", "+ircbus/event=id=1", "+IRCBUS.github.io/at=x", "+ircbus/duplicate"} {
		for _, lines := range [][]string{
			{"@" + tag + ";+kept=1 PRIVMSG #talk :x"}, {"@" + tag + ";+kept=1 NOTICE bob :x"}, {"@" + tag + ";+kept=1 TAGMSG #talk"},
			{"@" + tag + ";+kept=1 BATCH +1 draft/multiline #talk", "@batch=1 PRIVMSG #talk :x", "BATCH -1"},
		} {
			alice.send(lines...)
			alice.fence()
			got := strings.ToLower(strings.Join(bob.fence(), "\n"))
			if strings.Contains(got, "ircbus") || !strings.Contains(got, "+kept=1") {
				t.Errorf("%q comes as %q", lines, got)
			}
		}
		alice.send("@" + tag + " TAGMSG #talk")
		alice.fence()
		if got := bob.fence(); len(got) > 0 {
			t.Errorf("%s alone comes as %q", tag, got)
		}
	}
}
