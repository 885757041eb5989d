package ircd

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func TestParseInquiry(t *testing.T) {
	now := day
	at := func(s string) time.Time {
		parsed, err := ircbus.ParseTime(s, now)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	for text, want := range map[string]*inquiry{
		"help":                                  {command: "HELP"},
		"HELP me, somebody":                     nil,
		"last":                                  {command: "LAST", last: 10},
		"LAST 7":                                {command: "LAST", last: 7},
		"last dcc":                              {command: "LAST", last: 10, file: true},
		"LAST 9 DCC PASSIVE":                    {command: "LAST", last: 9, file: true, passive: true},
		"last time we met":                      nil,
		"LAST 7 raw":                            {command: "LAST", last: 7, raw: true},
		"LAST RAW":                              {command: "LAST", last: 10, raw: true},
		"stop":                                  {command: "STOP"},
		"stop it":                               nil,
		"GETMESSAGES_SINCE 2026-11-20":          {command: "GETMESSAGES_SINCE", from: at("2026-11-20T00:00:00Z")},
		"last time":                             nil,
		"GETMESSAGES_SINCE -2h":                 {command: "GETMESSAGES_SINCE", from: now.Add(-2 * time.Hour)},
		"getmessages_since 20261120090000 ATT*": {command: "GETMESSAGES_SINCE", from: at("20261120090000"), action: "ATT*"},
		"GETMESSAGES_SINCE 1117027756000000 SAVE/REVERT DCC": {command: "GETMESSAGES_SINCE", from: at("1117027756000000"), action: "SAVE/REVERT", file: true},
		"GETMESSAGES_SINCE_ENTRY 118":                        {command: "GETMESSAGES_SINCE_ENTRY", after: 118},
		"GETMESSAGES_SINCE_ENTRY id=118 SAVE":                {command: "GETMESSAGES_SINCE_ENTRY", after: 118, action: "SAVE"},
		"GETMESSAGES_SINCE_ENTRY key=a=b":                    {command: "GETMESSAGES_SINCE_ENTRY", key: "a=b"},
		"":                                                   nil,
		"hello":                                              nil,
	} {
		q, err := parseInquiry(text, now)
		if diff := cmp.Diff(want, q, cmp.AllowUnexported(inquiry{})); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got)\n%s", text, err, diff)
		}
	}
	for _, text := range []string{
		"LAST 0", "LAST 10001", "LAST many DCC", "GETMESSAGES_SINCE", "GETMESSAGES_SINCE DCC", "GETMESSAGES_SINCE yesterday",
		"GETMESSAGES_SINCE now SAVE more", "GETMESSAGES_SINCE_ENTRY", "GETMESSAGES_SINCE_ENTRY x", "GETMESSAGES_SINCE_ENTRY key=", "GETMESSAGES_SINCE_ENTRY -1",
	} {
		if q, err := parseInquiry(text, now); q == nil || err == nil {
			t.Errorf("%q: %+v, %v", text, q, err)
		}
	}
}

func FuzzParseInquiry(f *testing.F) {
	for _, seed := range []string{"HELP", "LAST 7 DCC", "GETMESSAGES_SINCE -2h SAVE* DCC PASSIVE", "GETMESSAGES_SINCE_ENTRY key=a", "GETMESSAGES_SINCE 20261120100000 \x01%&"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := parseInquiry(text, day)
		if q == nil || err != nil || !utf8.ValidString(text) { // which no line is
			return
		}
		if q.command == "LAST" && (q.last < 1 || q.last > maxAsked) || q.passive && !q.file {
			t.Errorf("%q: %+v", text, q)
		}
		if view, err := q.view("#moin"); err == nil && q.action != "" && !view.Match(&ircbus.Event{Channel: "#moin", Fields: ircbus.Fields{{Key: "action", Value: q.action}}}) &&
			!strings.ContainsAny(q.action, "!") {
			t.Errorf("%q makes the view %s", text, view)
		}
	})
}

// archive is a bus with n events, by moin, that can be asked for.
func archive(t *testing.T, n int, change ...func(*Config)) *bus {
	t.Helper()
	var b *bus
	b = newBus(t, append([]func(*Config){func(c *Config) {
		c.Limits.Pace = time.Millisecond
		c.Keyed = func(_ context.Context, publisher, key string) (ircbus.ID, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.keys[ircbus.Fold(publisher)+" "+key].ID, nil
		}
	}}, change...)...)
	for i := range n {
		action := []string{"SAVE", "ATTNEW", "SAVE/REVERT"}[i%3]
		event := ircbus.Event{Channel: "#moin", Publisher: "moin", Fields: ircbus.Fields{
			{Key: "page", Value: fmt.Sprint("P", i+1)}, {Key: "action", Value: action}, {Key: "key", Value: fmt.Sprint("k", i+1)}}}
		if _, err := b.append(t.Context(), []ircbus.Event{event}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// entries reads notices up to the one that says how many they were.
func (u *user) entries() (ids []string) {
	u.t.Helper()
	for {
		line := u.line()
		_, text, ok := strings.Cut(line, " NOTICE ada :")
		if !ok || !strings.HasPrefix(line, ":moin!moin@irc.test ") {
			u.t.Fatalf("got %q", line)
		}
		if count, last, ok := strings.Cut(text, " entries, the last is "); ok {
			if count != fmt.Sprint(len(ids)) || ids[len(ids)-1] != last {
				u.t.Errorf("%q after %v", text, ids)
			}
			return ids
		}
		id, _, packed := strings.Cut(strings.TrimPrefix(text, "id="), "&")
		if !packed {
			id, _, _ = strings.Cut(text, " [2026-11-20 ")
		}
		ids = append(ids, id)
	}
}

func TestAskPublisher(t *testing.T) {
	b := archive(t, 60)
	ada := b.user("ada")
	for text, want := range map[string]string{
		"LAST 3":                                      "58 59 60",
		"last":                                        "51 52 53 54 55 56 57 58 59 60",
		"GETMESSAGES_SINCE_ENTRY 57":                  "58 59 60",
		"GETMESSAGES_SINCE_ENTRY key=k57 ATT*":        "59",
		"GETMESSAGES_SINCE_ENTRY 50 SAVE/REVERT":      "51 54 57 60",
		"GETMESSAGES_SINCE 2026-11-20T10:00:58Z":      "58 59 60",
		"GETMESSAGES_SINCE 2026-11-20T10:00:58Z SAVE": "58",
		"LAST 50": ids(11, 60),
	} {
		ada.send("PRIVMSG Moin :" + text)
		if got := strings.Join(ada.entries(), " "); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"LAST 51":                          "That is more than 50 entries: see http://irc.test:8667/changes?channel=moin&format=qs&limit=51&order=desc",
		"GETMESSAGES_SINCE_ENTRY 5":        "That is more than 50 entries: see http://irc.test:8667/changes?after=5&channel=moin&format=qs",
		"GETMESSAGES_SINCE 20261120100000": "That is more than 50 entries: see http://irc.test:8667/changes?channel=moin&format=qs&from=2026-11-20T10%3A00%3A00.000000Z",
		"GETMESSAGES_SINCE_ENTRY key=none": `There is no entry with the key "none"`,
		"GETMESSAGES_SINCE_ENTRY 60":       "0 entries",
		"GETMESSAGES_SINCE yesterday":      `"yesterday" is not a time: …`,
		"GETMESSAGES_SINCE -1h " + strings.Repeat("x", ircbus.MaxViewLen): "the view …",
		"HELP": "I am a program. I know what was published in #moin:",
	} {
		ada.send("PRIVMSG moin :" + text)
		if got := ada.line(); !resembles(":moin!moin@irc.test NOTICE ada :"+want, got) {
			t.Errorf("%s: got %s", text, got)
		}
		ada.fence()
	}
	ada.send("PRIVMSG moin :hello", "NOTICE moin :LAST", "PRIVMSG pmwiki :LAST")
	if got := ada.line(); !strings.HasPrefix(got, ":irc.test 301 ada moin :Nobody is connected") {
		t.Error(got)
	}
	if got := ada.line(); got != ":pmwiki!pmwiki@irc.test NOTICE ada :0 entries" {
		t.Error(got)
	}
}

// TestAskConnectedPublisher: what is no question is for who is connected.
func TestAskConnectedPublisher(t *testing.T) {
	b := archive(t, 1)
	moin, ada := b.publisher("moin"), b.user("ada", "echo-message", "labeled-response", "batch")
	ada.send("@label=x PRIVMSG moin :LAST")
	want := []string{"@label=x :irc.test BATCH +… labeled-response", "@batch=… :ada!~ada@127.0.0.1 PRIVMSG moin :LAST",
		"@batch=… :irc.test BATCH +… ircbus.github.io/entries moin",
		"@batch=… :moin!moin@irc.test NOTICE ada :1 [2026-11-20 10:00:01] [[P1]] …", "@batch=… :moin!moin@irc.test NOTICE ada :1 entries, the last is 1",
		"@batch=… :irc.test BATCH -…", ":irc.test BATCH -…"}
	for _, line := range want {
		if got := ada.line(); !resembles(line, got) {
			t.Errorf("got %q, want %q", got, line)
		}
	}
	ada.send("PRIVMSG moin :help me")
	if got := moin.line(); got != ":ada!~ada@127.0.0.1 PRIVMSG moin :help me" {
		t.Error(got)
	}
}

// TestPaceEnds: what waits is forgotten when the client goes, and a second
// question has to wait.
func TestPaceEnds(t *testing.T) {
	b := archive(t, 40, func(c *Config) { c.Limits.Pace = time.Hour })
	ada := b.user("ada")
	ada.send("PRIVMSG moin :LAST 40")
	for range paceBurst {
		ada.line()
	}
	ada.send("PRIVMSG moin :LAST 2")
	if got := ada.line(); got != ":moin!moin@irc.test NOTICE ada :Wait until everything from before has come, or write STOP" {
		t.Error(got)
	}
	b.Server.mu.Lock()
	c := b.nicks["ada"].clients[0]
	if len(c.paced.waiting) != 41-paceBurst {
		t.Errorf("%d notices wait", len(c.paced.waiting))
	}
	b.Server.mu.Unlock()
	ada.send("QUIT")
	ada.until("ERROR ")
	other := b.user("other")
	for gone := false; !gone; {
		other.fence()
		b.Server.mu.Lock()
		gone = b.nicks["ada"] == nil && c.paced.waiting == nil && c.paced.timer == nil
		b.Server.mu.Unlock()
	}
}

func ids(first, last int) string {
	var all []string
	for i := first; i <= last; i++ {
		all = append(all, fmt.Sprint(i))
	}
	return strings.Join(all, " ")
}
