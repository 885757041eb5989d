package ircd

import (
	"strings"
	"testing"
)

// TestCaseD1: the tags of our own have a domain of ours in their names, so that
// clients that read the names of tags strictly, such as Emacs' rcirc, take them
// for tags.
func TestCaseD1(t *testing.T) {
	b := newBus(t)
	reader := b.user("alice", "message-tags", "server-time")
	reader.send("JOIN #moin,#moin.text")
	reader.fence()
	pub := b.publisher("moin", "message-tags", "echo-message", "labeled-response", "batch", "server-time")
	pub.send("@label=1 PRIVMSG #moin :page=A&key=k", "@label=2 PRIVMSG #moin :page=A&key=k")
	lines := append(pub.fence(), reader.fence()...)
	for _, tag := range []string{";ircbus.github.io/at=2026", ";ircbus.github.io/duplicate;", ";+ircbus.github.io/event=id="} {
		if !strings.Contains(strings.Join(lines, "\n"), tag) {
			t.Errorf("no %q in %q", tag, lines)
		}
	}
	for _, line := range lines {
		if tags, _, _ := strings.Cut(line, " "); strings.Contains(tags, ";ircbus/") || strings.Contains(tags, "+ircbus/") {
			t.Errorf("a name without a domain: %s", line)
		}
	}
}

// TestCaseD4: what a publisher sends as a NOTICE is published like a PRIVMSG, and
// what is no event is refused by name.
func TestCaseD4(t *testing.T) {
	b := newBus(t)
	alice := b.user("alice")
	alice.send("JOIN #moin")
	alice.fence()
	pub := b.publisher("moin", append(allPublishing, "draft/multiline")...)
	old := b.publisher("moin")
	batch := func(ref, target, text string) []string {
		return []string{"@label=" + ref + " BATCH +" + ref + " draft/multiline " + target, "@batch=" + ref + " NOTICE " + target + " :" + text, "BATCH -" + ref}
	}
	for _, c := range []struct {
		name string
		who  *user
		send []string
		want []string // what the answer's only line has
		seen string   // by alice
	}{
		{"notice", pub, []string{"@label=a NOTICE #moin :page=L4"}, []string{"@label=a;msgid=1;", "PRIVMSG #moin :id=1&page=L4"}, "id=1&page=L4"},
		{"without a label", pub, []string{"NOTICE #moin :page=L5"}, []string{"@msgid=2;", "id=2&page=L5"}, "id=2&page=L5"},
		{"batch", pub, batch("c", "#moin", "page=L6"), []string{"@label=c;msgid=3;", "id=3&page=L6"}, "id=3&page=L6"},
		{"no event", pub, []string{"@label=d NOTICE #moin :page=%zz"}, []string{"@label=d;", "FAIL NOTICE INVALID_EVENT #moin :"}, ""},
		{"no text", pub, []string{"@label=e NOTICE #moin"}, []string{"@label=e;", "FAIL NOTICE INVALID_EVENT #moin :"}, ""},
		{"empty text", pub, []string{"@label=e NOTICE #moin :"}, []string{"@label=e;", "FAIL NOTICE INVALID_EVENT #moin :"}, ""},
		{"batch that is no event", pub, batch("f", "#moin", "page=%zz"), []string{"@label=f;", "FAIL NOTICE INVALID_EVENT #moin :"}, ""},
		{"readable channel", pub, []string{"@label=g NOTICE #moin.text :page=A"}, []string{"@label=g;", "FAIL NOTICE NOT_PUBLISHER #moin.text :"}, ""},
		{"batch in another's", pub, batch("h", "#pmwiki", "page=A"), []string{"@label=h;", "FAIL NOTICE NOT_PUBLISHER #pmwiki :"}, ""},
		{"part", pub, []string{"@label=i NOTICE #moin :part=2/2&key=k&page=A"}, []string{"@label=i;", "FAIL NOTICE INVALID_EVENT #moin :part 2/2"}, ""},
		{"tags alone", pub, []string{"@label=j;+react=x TAGMSG #moin"}, []string{"@label=j;", "FAIL TAGMSG INVALID_EVENT #moin :"}, ""},
		{"not even tags", pub, []string{"@label=k TAGMSG #moin"}, []string{"@label=k;", "FAIL TAGMSG INVALID_EVENT #moin :"}, ""},
		{"old client", old, []string{"NOTICE #moin :page=%zz"}, []string{" 404 moin #moin :"}, ""},
		{"a person", alice, []string{"NOTICE #moin :page=A"}, nil, ""},
	} {
		c.who.send(c.send...)
		got := c.who.fence()
		if len(got) != min(1, len(c.want)) {
			t.Errorf("%s: the answer is %q", c.name, got)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(got[0], part) {
				t.Errorf("%s: no %q in %q", c.name, part, got[0])
			}
		}
		if c.who == alice {
			continue
		}
		seen := alice.fence()
		if c.seen == "" && len(seen) > 0 || c.seen != "" && (len(seen) != 1 || !strings.Contains(seen[0], c.seen)) {
			t.Errorf("%s: others see %q", c.name, seen)
		}
	}
}
