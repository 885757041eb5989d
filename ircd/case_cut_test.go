package ircd

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCaseD2: a line that a publisher's library has cut is not taken for whole.
func TestCaseD2(t *testing.T) {
	event := "page=A&comment=" + strings.Repeat("w", 880)
	for _, size := range []int{350, 400, 450} {
		t.Run(fmt.Sprintf("cut at %d", size), func(t *testing.T) { testCut(t, event, size) })
	}
	t.Run("length", func(t *testing.T) {
		b := newBus(t)
		pub := b.publisher("moin", append(allPublishing, "draft/multiline")...)
		batch := func(tag string) []string {
			return []string{"@label=b;" + tag + " BATCH +1 draft/multiline #moin", "@batch=1 PRIVMSG #moin :page=A",
				"@batch=1;draft/multiline-concat PRIVMSG #moin :&user=ann", "BATCH -1"}
		}
		for _, c := range []struct {
			send []string
			good bool
		}{
			{[]string{"@+ircbus.github.io/len=6 PRIVMSG #moin :page=A"}, true},
			{[]string{"@+ircbus.github.io/len=6 NOTICE #moin :page=A"}, true},
			{[]string{"@+ircbus.github.io/len=8 PRIVMSG #moin :page=פ"}, false},
			{[]string{"@+ircbus.github.io/len=7 PRIVMSG #moin :page=פ"}, true}, // bytes
			{[]string{"@+ircbus.github.io/len=900 PRIVMSG #moin :page=A"}, false},
			{[]string{"@+ircbus.github.io/len=5 NOTICE #moin :page=A"}, false},
			{[]string{"@+ircbus.github.io/len=x PRIVMSG #moin :page=A"}, false},
			{[]string{"@+ircbus.github.io/len PRIVMSG #moin :page=A"}, false},
			{batch("+ircbus.github.io/len=15"), true},
			{batch("+ircbus.github.io/len=16"), false},
		} {
			pub.send(c.send...)
			got := strings.Join(pub.fence(), "\n")
			if strings.Contains(got, "msgid=") != c.good || strings.Contains(got, " INVALID_EVENT ") == c.good {
				t.Errorf("%q is answered %q", c.send, got)
			}
		}
	})
	t.Run("parts", func(t *testing.T) { // which are how long events are sent
		b := newBus(t)
		pub := b.publisher("moin", allPublishing...)
		pub.send("PRIVMSG #moin :key=k&part=1/2&page=A&comment=one", "PRIVMSG #moin :key=k&part=2/2&comment~=two", "PRIVMSG #moin :rest")
		got := pub.fence()
		if len(got) != 2 || !strings.Contains(got[0], "&comment=onetwo&") || strings.Contains(got[1], "cut") {
			t.Errorf("%q", got)
		}
	})
}

func testCut(t *testing.T, event string, size int) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newPipeBus(t, func(c *Config) { c.Limits, c.Log = Limits{}, slog.New(slog.NewTextHandler(&log, nil)) })
		pub := b.publisher("moin", allPublishing...)
		var lines []string
		for rest := event; rest != ""; {
			n := min(size, len(rest))
			lines, rest = append(lines, "PRIVMSG #moin :"+rest[:n]), rest[n:]
		}
		pub.send(lines...)
		got := pub.fence()
		refusals := got[max(0, len(got)-len(lines)+1):] // behind the echo, perhaps in parts
		if len(got) < len(lines) || !strings.Contains(got[0], "PRIVMSG #moin :id=1&") {
			t.Fatalf("%q", got)
		}
		for _, answer := range refusals {
			if !strings.Contains(answer, "FAIL PRIVMSG INVALID_EVENT #moin :") || !strings.Contains(answer, "event 1, just before it, was probably cut") {
				t.Errorf("the rest is answered %q", answer)
			}
		}
		// What comes later is not about that event.
		pub.send("PRIVMSG #moin :page=B&comment=" + strings.Repeat("v", 300))
		pub.fence()
		time.Sleep(2 * time.Second)
		pub.send("PRIVMSG #moin :wwwww")
		if got := pub.fence(); len(got) != 1 || !strings.Contains(got[0], "FAIL PRIVMSG INVALID_EVENT") || strings.Contains(got[0], "cut") {
			t.Errorf("a bad line of its own is answered %q", got)
		}
		b.hangUp()
		synctest.Wait()
		if text := log.String(); strings.Count(text, "event 1 was probably cut") != len(lines)-1 {
			t.Errorf("the log: %s", text)
		}
	})
}
