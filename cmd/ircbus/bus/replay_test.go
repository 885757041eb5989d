package bus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

// replaying is a bus with one publisher whose events are numbered n, and which
// shows ten old lines to who joins.
func replaying(t *testing.T) Config {
	t.Helper()
	c := quiet(t)
	c.Publishers = map[string]Publisher{"moin": {Template: "event n={{.n}}."}}
	c.Replay = Replay{Text: 10, Packed: 10, Chat: 10}
	c.Chat = Chat{Channels: true}
	c.Limits = Limits{Lines: 1e6, Burst: 1e6}
	return c
}

func startReplaying(t *testing.T, c Config) *Bus {
	t.Helper()
	b := startBus(t, c)
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "moin", Engine: "other"}); err != nil {
		t.Fatal(err)
	}
	return b
}

// publish appends the events numbered from first to last, some at once.
func publish(t *testing.T, b *Bus, first, last int) {
	t.Helper()
	for n := first; n <= last; {
		var batch []ircbus.Event
		for range 1 + n%3 {
			if n <= last {
				batch = append(batch, event(t, "moin", fmt.Sprintf("n=%d.", n)))
				n++
			}
		}
		if _, err := b.Append(t.Context(), batch); err != nil {
			t.Error(err)
			return
		}
	}
}

var (
	numbered = regexp.MustCompile(`n=(\d+)\.`)
	stamped  = regexp.MustCompile(` :\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] `)
)

// number is the n of a line that has one, else 0.
func number(line string) int {
	if m := numbered.FindStringSubmatch(line); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

// TestReplayMeetsLive publishes and talks while clients join, log after log: each
// must see ten lines from before and then every new one, without gap or repeat.
// Meanwhile the publishers are set again and again, as after changes of accounts.
func TestReplayMeetsLive(t *testing.T) {
	b := startReplaying(t, replaying(t))
	publish(t, b, 1, 12)
	talker := connect(t, b.IRCAddr(), "talker")
	talker.say("JOIN #talk")
	said := 12
	for n := range said {
		talker.say(fmt.Sprintf("PRIVMSG #talk :n=%d.", n+1))
	}
	talker.say("PING said")
	talker.until("PONG")

	stop := make(chan struct{})
	var busy sync.WaitGroup
	forever := func(fn func(round int)) {
		busy.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-stop:
					return
				default:
					fn(round)
				}
			}
		})
	}
	forever(func(round int) { publish(t, b, 13+10*round, 22+10*round) })
	forever(func(int) {
		said++
		talker.say(fmt.Sprintf("PRIVMSG #talk :n=%d.", said))
		if said%5 == 0 {
			talker.say("PING said")
			talker.until("PONG")
		}
	})
	forever(func(int) {
		if err := b.directory.refresh(); err != nil {
			t.Error(err)
		}
	})
	var joiners sync.WaitGroup
	for i, channel := range []string{"#moin", "#moin.text", "#moin?n=*", "#talk"} {
		joiners.Go(func() {
			for round := range 12 {
				joins(t, b, fmt.Sprintf("j%d-%d", i, round), channel, round%2 == 1)
			}
		})
	}
	joiners.Wait()
	close(stop)
	busy.Wait()
}

// joins enters a channel and checks the numbers of the first forty lines.
func joins(t *testing.T, b *Bus, nick, channel string, modern bool) {
	p := connect(t, b.IRCAddr(), nick)
	defer p.Close()
	if modern {
		p.say("CAP REQ :batch server-time message-tags draft/multiline")
		p.until(" ACK ")
	}
	p.say("JOIN " + channel)
	p.until(" 366 ")
	last, old := 0, 0
	for i := range 40 {
		line := p.until("PRIVMSG " + channel + " :")
		n := number(line)
		if n == 0 || last != 0 && n != last+1 {
			t.Errorf("%s, line %d in %s: after %d comes %s", nick, i, channel, last, line)
			return
		}
		last = n
		isOld := stamped.MatchString(line)
		if modern {
			isOld = strings.Contains(line, "batch=")
		}
		if isOld {
			old++
		}
		if isOld != (i < 10) && (modern || !strings.HasPrefix(channel, "#moin") || channel == "#moin.text") {
			t.Errorf("%s: line %d is %s", nick, i, line)
		}
	}
}

// TestReplayAfterRestart: what was there before the start is old, and the first
// event after it is not.
func TestReplayAfterRestart(t *testing.T) {
	c := replaying(t)
	b := startReplaying(t, c)
	publish(t, b, 1, 5)
	al := connect(t, b.IRCAddr(), "al")
	al.say("JOIN #talk")
	al.say("PRIVMSG #talk :n=1.")
	al.say("PING said")
	al.until("PONG")
	stopBus(t, b)

	b = startReplaying(t, c)
	bo := connect(t, b.IRCAddr(), "bo")
	bo.say("JOIN #moin.text")
	for n := 1; n <= 5; n++ {
		if line := bo.until("PRIVMSG"); number(line) != n || !stamped.MatchString(line) {
			t.Errorf("old line %d: %s", n, line)
		}
	}
	publish(t, b, 6, 6)
	if line := bo.until("PRIVMSG"); number(line) != 6 || stamped.MatchString(line) {
		t.Errorf("the new line: %s", line)
	}
	bo.say("JOIN #talk")
	if line := bo.until("PRIVMSG"); !strings.HasPrefix(line, ":al!") || number(line) != 1 || !stamped.MatchString(line) {
		t.Errorf("what was said before the restart: %s", line)
	}
}
