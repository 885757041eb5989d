package bus

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// TestPollDoor: changes of a wiki that is asked are published, once, over restarts
// of the bus; the wiki tells where it is. A wiki that does not answer does not keep
// the others back.
func TestPollDoor(t *testing.T) {
	var edits atomic.Int64
	edits.Store(1)
	var agent atomic.Value
	wiki := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		var changes []string
		for n := range edits.Load() {
			changes = append(changes, fmt.Sprintf(`{"type":"edit","ns":0,"title":"A%d","rcid":%d,"revid":7,"old_revid":6,"user":"U","bot":true,"oldlen":1,"newlen":9,"timestamp":%q,"comment":"c"}`,
				n, n+1, time.Now().Format(time.RFC3339)))
		}
		fmt.Fprintf(w, `{"query":{"general":{"wikiid":"enwiki","server":"https://en.example.org","scriptpath":"/w"},"recentchanges":[%s]}}`, strings.Join(changes, ","))
	}))
	defer wiki.Close()
	c := quiet(t)
	c.Admin = []string{"bus@example.org"}
	c.Poll = map[string]Poll{
		"other": {URL: "http://127.0.0.1:1/feed", Every: Age(time.Second)},
		"en":    {URL: wiki.URL + "/api.php", Format: "mediawiki", Every: Age(time.Second)},
	}
	for n := range int64(2) {
		b := startBus(t, c)
		report := func() door.Report { return b.doors[0].in.Report() }
		if n == 0 {
			waitFor(t, "the first answer", func() bool {
				return agent.Load() != nil && len(b.directory.wikis()) == 2 && b.directory.wikis()[0].PageURL != ""
			})
		}
		edits.Store(n + 2)
		waitFor(t, "the event", func() bool { return report().Stored == 1 })
		if r := report(); r.Door != "poll.en" || r.Received != 1 || r.LastEvent.Channel != "#en" {
			t.Errorf("%+v", r)
		}
		if r := b.Doors()[1]; r.Door != "poll.other" || r.Stored != 0 || r.Listens[0] != "asks http://127.0.0.1:1/feed every 1s" {
			t.Errorf("%+v", r)
		}
		stopBus(t, b)
	}
	b := startBus(t, c)
	if line := firstLine(t, b); line != "\x0314[[\x0307A1\x0314]]\x034 B\x0310 \x0302https://en.example.org/w/index.php?diff=7&oldid=6\x03 \x035*\x03 \x0303U\x03 \x035*\x03 (+8) \x0310c\x03" {
		t.Errorf("the readable line is %q", line)
	}
	if got := agent.Load(); got != "ircbus/"+c.Version+" bus@example.org" && got != "ircbus/devel bus@example.org" {
		t.Errorf("the bus calls itself %q", got)
	}
}

func TestPollCheck(t *testing.T) {
	c := Default()
	c.Poll = map[string]Poll{
		"good":     {URL: "https://wiki.example.org/feed"},
		"a b":      {URL: "https://wiki.example.org/feed"},
		"nowhere":  {},
		"Good":     {URL: "https://wiki.example.org/feed"},
		"secret":   {URL: "https://u:p@wiki.example.org/feed"},
		"format":   {URL: "https://wiki.example.org/feed", Format: "gopher"},
		"hurry":    {URL: "https://wiki.example.org/feed", Every: Age(time.Millisecond)},
		"patience": {URL: "https://wiki.example.org/feed", Every: Age(48 * time.Hour)},
	}
	problems := c.Check()
	var got []string
	for _, p := range problems {
		got = append(got, strings.Join(p.Key, "."))
	}
	if want := "poll.a b poll.format.format poll.good poll.hurry.every poll.nowhere.url poll.patience.every poll.secret.url"; strings.Join(got, " ") != want {
		t.Errorf("%v", problems)
	}
	for _, p := range problems {
		if strings.Contains(p.Reason, "u:p") {
			t.Error(p)
		}
	}
}
