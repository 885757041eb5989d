package ircd

import (
	"strings"
	"testing"
)

// TestCaseD5: typing errors in names and filters do not succeed in silence.
func TestCaseD5(t *testing.T) {
	b := newBus(t)
	moin := b.publisher("moin")
	moin.send("PRIVMSG #moin :page=A&action=SAVE&user=ann", "PRIVMSG #moin :page=C%2B%2B&action=SAVE&user=ann")
	moin.fence()
	for name, c := range map[string]struct {
		send string
		want []string
		not  string
	}{
		"a letter too many":      {"JOIN #moinn", []string{" 403 ada #moinn :", "did you mean #moin?"}, " JOIN "},
		"a letter less":          {"JOIN #pmwik", []string{" 403 ada #pmwik :", "did you mean #pmwiki?"}, " JOIN "},
		"readable":               {"JOIN #moin.txt", []string{"did you mean #moin.text?"}, " JOIN "},
		"with a filter":          {"JOIN #antispm?page=A", []string{" 403 ada ", "did you mean #antispam?"}, " JOIN "},
		"near nothing":           {"JOIN #talk", []string{" JOIN #talk", " 353 "}, "did you mean"},
		"short":                  {"JOIN #mo", []string{" JOIN #mo"}, "did you mean"},
		"asked again":            {"JOIN #moinn\r\nJOIN #moinn", []string{"did you mean #moin?", " JOIN #moinn"}, ""},
		"no =":                   {"JOIN #moin?badfilter", []string{" 476 ada #moin?badfilter :", "without ="}, " JOIN "},
		"one without =":          {"JOIN #moin?page=A&user", []string{" 476 ", "without ="}, " JOIN "},
		"unknown key":            {"JOIN #moin?pagee=A", []string{" JOIN #moin?pagee=A", " NOTICE #moin?pagee=A :No event here has the field \"pagee\": did you mean page?"}, ""},
		"unknown key, readable":  {"JOIN #moin.text?colour=A", []string{" NOTICE #moin.text?colour=A :No event here has the field \"colour\""}, "did you mean"},
		"one of two":             {"JOIN #moin?page=A&usr=B", []string{"the field \"usr\": did you mean user?"}, "\"page\""},
		"known keys":             {"JOIN #moin?page=A&user=!*Bot", []string{" JOIN "}, "NOTICE"},
		"a key without events":   {"JOIN #pmwiki?pagee=A", []string{" JOIN "}, "NOTICE"},
		"plus":                   {"JOIN #moin?page=C++", []string{" JOIN ", "write %2B for a +"}, "the field"},
		"plus at the end":        {"JOIN #moin?page=A+", []string{"write %2B for a +"}, ""},
		"plus in between":        {"JOIN #moin?page=Anna+B*", []string{" JOIN "}, "%2B"},
		"written %2B":            {"JOIN #moin?page=C%2B%2B", []string{" JOIN "}, "NOTICE"},
		"CHATHISTORY":            {"CHATHISTORY LATEST #moin?bad * 5", []string{" 400 ada CHATHISTORY ", "without ="}, ""},
		"LAST of a wrong nick":   {"PRIVMSG moim :LAST", []string{" 401 ada moim :", "did you mean moin?"}, ""},
		"somebody who is nobody": {"PRIVMSG nobody :hello", []string{" 401 "}, "did you mean"},
		"LIST":                   {"LIST #moinn", []string{"did you mean #moin?", " 323 "}, " 322 "},
		"LIST of what is there":  {"LIST #moin", []string{" 322 ", " 323 "}, "did you mean"},
		"MONITOR":                {"MONITOR + moim", []string{" 731 ", "did you mean moin?"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			ada := b.user("ada")
			ada.send(c.send)
			got := strings.Join(ada.fence(), "\n")
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			if c.not != "" && strings.Contains(got, c.not) {
				t.Errorf("%q is in\n%s", c.not, got)
			}
			ada.send("QUIT")
			for !strings.HasPrefix(ada.line(), "ERROR ") {
			}
			for gone := false; !gone; {
				b.Server.mu.Lock()
				gone = b.nicks["ada"] == nil
				b.Server.mu.Unlock()
			}
		})
	}
}
