package ircd

import (
	"fmt"
	"strings"
	"testing"
)

// TestCaseD6: a client that comes back and cannot ask for what was before is shown
// what it has missed, nothing twice, and told of what is left out.
func TestCaseD6(t *testing.T) {
	for name, c := range map[string]struct {
		view   string
		nick   string // of the one that comes back
		pass   string
		caps   []string
		missed int
		shown  int
		left   string // how many the notice names
	}{
		"nothing":             {view: "#moin.text", nick: "ada", missed: 0, shown: 0},
		"few":                 {view: "#moin.text", nick: "ada", missed: 3, shown: 3},
		"as many as shown":    {view: "#moin.text", nick: "ada", missed: 10, shown: 10},
		"many":                {view: "#moin.text", nick: "ada", missed: 25, shown: 10, left: "15"},
		"more than are kept":  {view: "#moin.text", nick: "ada", missed: 150, shown: 10, left: "140"},
		"filtered":            {view: "#moin.text?page=P*", nick: "ada", missed: 25, shown: 10, left: "15"},
		"packed":              {view: "#moin", nick: "ada", missed: 25, shown: 0, left: "25"},
		"account, other nick": {view: "#moin.text", nick: "other", pass: "ann:secret", missed: 25, shown: 10, left: "15"},
		"somebody else":       {view: "#moin.text", nick: "stranger", missed: 3, shown: 10},
		"other view":          {view: "#moin.text?page=*", nick: "ada", missed: 3, shown: 10},
		"with batch":          {view: "#moin.text", nick: "ada", caps: []string{"batch", "server-time"}, missed: 25, shown: 10, left: "15"},
		"knows CHATHISTORY":   {view: "#moin.text", nick: "ada", caps: []string{"draft/chathistory"}, missed: 25, shown: 0},
		"people":              {view: "#talk", nick: "ada", missed: 25, shown: 10, left: "15"},
		"people, few":         {view: "#talk", nick: "ada", missed: 2, shown: 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBus(t, keeps(t), func(c *Config) { c.Replay = Replay{Text: 10, Chat: 10} })
			moin, talker := b.publisher("moin"), b.user("talker")
			talker.send("JOIN #talk")
			talker.fence()
			n := 0
			publish := func(count int) {
				for range count {
					n++
					moin.send(fmt.Sprintf("PRIVMSG #moin :page=P%d.", n))
					talker.send(fmt.Sprintf("PRIVMSG #talk :P%d.", n))
				}
				moin.fence()
				talker.fence()
			}
			come := func(nick string, caps ...string) *user {
				u := b.dial()
				if c.pass != "" {
					u.send("PASS " + c.pass)
				}
				if len(caps) > 0 {
					u.send("CAP REQ :" + strings.Join(caps, " "))
				}
				u.send("NICK "+nick, "USER x 0 * :x")
				if len(caps) > 0 {
					u.send("CAP END")
				}
				u.until(" 422 ")
				return u
			}
			publish(20)
			first := come("ada")
			view := c.view
			if name == "other view" {
				view = "#moin.text?page=P*"
			}
			first.send("JOIN " + view)
			first.fence()
			publish(5)
			first.fence()
			first.send("QUIT")
			for !strings.HasPrefix(first.line(), "ERROR ") {
			}
			talker.fence()
			publish(c.missed)
			again := come(c.nick, c.caps...)
			again.send("JOIN " + c.view)
			var shown []string
			left := ""
			for _, line := range again.fence() {
				if _, text, ok := strings.Cut(line, " PRIVMSG "+c.view+" :"); ok {
					shown = append(shown, text)
				}
				if _, text, ok := strings.Cut(line, " NOTICE "+c.view+" :"); ok && left == "" {
					left, _, _ = strings.Cut(text, " lines that came")
				}
			}
			if len(shown) != c.shown || left != c.left {
				t.Fatalf("%d were shown, %q left out: %q", len(shown), left, shown)
			}
			for i, text := range shown {
				if want := fmt.Sprintf("P%d.", n-len(shown)+1+i); !strings.Contains(text, want) {
					t.Errorf("line %d is %q, not %s", i, text, want)
				}
			}
		})
	}
}
