package e2e

import (
	"bufio"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// client is somebody's IRC program, connected and logged in.
type client interface {
	// join joins a channel and waits until the program shows that it has.
	join(channel string)
	// lines returns what it shows in the channel's window, oldest first.
	lines(channel string) []line
}

// line is a line as a client shows it.
type line struct {
	clock     string // 15:04:05 in UTC; nothing if it does not tell when it was
	text      string
	highlight bool
}

// oldEvents are there before anybody joins.
var oldEvents = []string{
	"page=Newton&user=Anna&comment=mark-old-1+Physics",
	"page=Help/Start&user=Ben&comment=mark-old-2+a+correction",
	"page=עמוד+ראשון&user=פלוני&comment=mark-old-3+תיקון",
}

// TestClients lets every client do what people do with it: log in, join a feed,
// its readable channel and a filtered view, read what was there before and what
// comes, and have a word highlighted.
func TestClients(t *testing.T) {
	b := startBus(t, "[replay]\ntext = 100\npacked = 100\n")
	news := b.account("news", "publisher")
	var old []ircbus.Event
	for _, event := range oldEvents {
		old = append(old, b.publish(t, news, event))
	}
	waitFor(t, "the second of the old events to be over", func() bool { return time.Since(old[len(old)-1].At) > time.Second })
	for i, c := range []struct {
		name  string
		start func(*testing.T, *bus, person) client
	}{
		{"irssi", startIrssi},
		{"weechat", startWeechat},
		{"catgirl", startCatgirl},
		{"ii", startII},
		{"hexchat", startHexchat},
		{"thelounge", startTheLounge},
	} {
		p := b.account(c.name, "user")
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c := c.start(t, b, p)
			checkLoggedIn(t, b, p)
			for _, channel := range []string{feed, text, helps} {
				c.join(channel)
			}
			mark := regexp.MustCompile(`mark-old-\d`)
			checkLines(t, c, mark, feed, old...)
			checkLines(t, c, mark, text, old...)
			checkLines(t, c, mark, helps, old[1])
			checkLive(t, b, c, news, i)
		})
	}
}

const (
	feed  = "#news"
	text  = "#news.text"
	helps = "#news.text?page=Help*"
)

// checkLive publishes two events, one of them for the filtered view.
func checkLive(t *testing.T, b *bus, c client, news person, number int) {
	mark := fmt.Sprintf("mark-%d-", number) // not the name: clients highlight their own nick
	word := b.publish(t, news, "page=Other&user=Anna&comment="+mark+"1+Physics")
	help := b.publish(t, news, "page=Help/Contents&user=Ben&comment="+mark+"2+chemistry")
	marks := regexp.MustCompile(mark + `\d`)
	checkLines(t, c, marks, feed, word, help)
	checkLines(t, c, marks, text, word, help)
	checkLines(t, c, marks, helps, help)
}

// checkLines waits for some events in a channel and checks that they are there
// in their order, at their times and with their highlights, and nothing else
// that marks matches.
func checkLines(t *testing.T, c client, marks *regexp.Regexp, channel string, want ...ircbus.Event) {
	t.Helper()
	var shown []line
	waitFor(t, fmt.Sprintf("%d lines with %s in %s", len(want), marks, channel), func() bool {
		shown = slices.DeleteFunc(c.lines(channel), func(l line) bool { return !marks.MatchString(l.text) })
		return len(shown) >= len(want)
	})
	if len(shown) > len(want) {
		t.Fatalf("%s: %d lines, not %d: %+v", channel, len(shown), len(want), shown)
	}
	for i, l := range shown {
		comment := want[i].Fields.Get("comment")
		if mark := marks.FindString(comment); marks.FindString(l.text) != mark {
			t.Errorf("%s: line %d is %q, not %s", channel, i, l.text, mark)
		}
		if word := strings.Contains(l.text, "Physics"); l.highlight != word {
			t.Errorf("%s: %q: highlighted: %v", channel, l.text, l.highlight)
		}
		if clock := want[i].At.UTC().Format(time.TimeOnly); l.clock != "" && l.clock != clock {
			t.Errorf("%s: %q is at %s, not %s", channel, l.text, l.clock, clock)
		}
	}
}

// checkLoggedIn asks the server who a nick is logged in as.
func checkLoggedIn(t *testing.T, b *bus, p person) {
	t.Helper()
	conn, err := net.Dial("tcp", b.irc)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "NICK ask-%s\r\nUSER ask 0 * :ask\r\nWHOIS %[1]s\r\n", p.name)
	for scanner := bufio.NewScanner(conn); scanner.Scan(); {
		words := strings.Fields(scanner.Text())
		switch words[1] {
		case "330":
			if words[3] != p.name || words[4] != p.name {
				t.Errorf("WHOIS %s: %q", p.name, scanner.Text())
			}
			return
		case "318":
			t.Fatalf("%s is not logged in", p.name)
		}
	}
}
