package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

var multilineCaps = []string{"batch", "draft/multiline", "labeled-response", "echo-message", "message-tags"}

// joined reads one batch and returns its opening and its whole text.
func (u *user) joined() (opening, text string) {
	u.t.Helper()
	lines := u.until(" BATCH +")
	opening = lines[len(lines)-1]
	_, ref, _ := strings.Cut(opening, " BATCH +")
	ref, _, _ = strings.Cut(ref, " ")
	for {
		line := u.line()
		if strings.HasSuffix(line, " BATCH -"+ref) {
			return opening, text
		}
		tags, rest, _ := strings.Cut(line, " ")
		_, said, ok := strings.Cut(rest, " :")
		if !ok || len(rest) > maxLine-len("\r\n") || !strings.HasPrefix(tags, "@batch="+ref) {
			u.t.Fatalf("in the batch %s there is %s", ref, line)
		}
		if text != "" && !strings.HasSuffix(tags, ";draft/multiline-concat") {
			text += "\n"
		}
		text += said
	}
}

// TestLargestEvent: the largest event there can be goes in and comes out as one
// message of several lines, within the limits that are told, in the view with
// the longest name as well.
func TestLargestEvent(t *testing.T) {
	b := newBus(t)
	moin, alice := b.publisher("moin", multilineCaps...), b.user("alice", multilineCaps...)
	view := "#moin?page=*"
	view += strings.Repeat("&page=*", (ircbus.MaxViewLen-len(view))/len("&page=*"))
	alice.send("JOIN " + view)
	alice.fence()
	body := "page=A&key=k&comment="
	body += strings.Repeat("א", (ircbus.MaxBody-len(body)-len("&time=2026-11-20T10:00:01.000000Z"))/2)
	moin.send("@label=x BATCH +1 draft/multiline #moin")
	for _, line := range splitText(body, 400) {
		tags := "@batch=1"
		if line.concat {
			tags += ";draft/multiline-concat"
		}
		moin.send(tags + " PRIVMSG #moin :" + line.text)
	}
	moin.send("BATCH -1")
	opening, echo := moin.joined()
	_, seen := alice.joined()
	want := "id=1&" + b.events[0].Fields.Encode()
	if !strings.HasPrefix(opening, "@label=x;msgid=1;") || echo != want || seen != want || len(want) > b.maxMultiline() || len(want) < ircbus.MaxBody {
		t.Errorf("%s: %d bytes echoed, %d seen, want %d of at most %d", opening, len(echo), len(seen), len(want), b.maxMultiline())
	}
}

// TestMultilineLimits: a message of as many lines or bytes as are told goes
// through, and one more is refused when it comes.
func TestMultilineLimits(t *testing.T) {
	b := newBus(t)
	alice, bob := b.user("alice", multilineCaps...), b.user("bob", multilineCaps...)
	bytes, lines := b.maxMultiline(), b.maxMultilines()
	begin := func() { alice.send("BATCH +1 draft/multiline bob") }
	send := func(text string, n int) {
		alice.send(strings.Repeat("@batch=1 PRIVMSG bob :"+text+"\r\n", n) + "PING x")
	}
	for _, test := range []struct {
		text  string
		n     int
		extra string
		want  string
	}{
		{"x", lines, "x", fmt.Sprint(" FAIL BATCH MULTILINE_MAX_LINES ", lines, " :")},
		{strings.Repeat("x", 399), (bytes + 1) / 400, strings.Repeat("y", (bytes+1)%400), fmt.Sprint(" FAIL BATCH MULTILINE_MAX_BYTES ", bytes, " :")},
	} {
		begin()
		send(test.text, test.n)
		alice.send("BATCH -1")
		alice.joined()
		if _, text := bob.joined(); text != strings.TrimSuffix(strings.Repeat(test.text+"\n", test.n), "\n") {
			t.Errorf("bob got %.100q", text)
		}
		begin()
		send(test.text, test.n)
		send(test.extra, 1)
		alice.send("@batch=1 PRIVMSG bob :more", "BATCH -1")
		var fails []string
		for _, line := range alice.fence() {
			if !strings.Contains(line, " PONG ") {
				fails = append(fails, line)
			}
		}
		if len(fails) != 1 || !strings.Contains(fails[0], test.want) {
			t.Errorf("answered %.200q, want %s", fails, test.want)
		}
	}
	if got := bob.fence(); len(got) > 0 {
		t.Errorf("bob also got %.200q", got)
	}
}

// TestBatchTimeout: a batch that is not ended is given up, with its label; the
// connection goes on.
func TestBatchTimeout(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.BatchOpen = 20 * time.Millisecond })
	alice := b.user("alice", multilineCaps...)
	alice.send("@label=x BATCH +1 draft/multiline #talk", "@batch=1 PRIVMSG #talk :x")
	if got := alice.line(); !strings.HasPrefix(got, "@label=x :irc.test FAIL BATCH TIMEOUT 1 :") {
		t.Error(got)
	}
	alice.send("@batch=1 PRIVMSG #talk :y", "BATCH -1")
	if got := alice.fence(); len(got) > 0 {
		t.Errorf("answered %q", got)
	}
}

// TestLabelTooLong: a label of more than 64 bytes is none.
func TestLabelTooLong(t *testing.T) {
	b := newBus(t)
	alice := b.user("alice", multilineCaps...)
	alice.send("@label="+strings.Repeat("x", 64)+" PING a", "@label="+strings.Repeat("x", 65)+" PING b")
	if got := alice.line(); got != "@label="+strings.Repeat("x", 64)+" :irc.test PONG irc.test a" {
		t.Error(got)
	}
	if got := alice.line(); got != ":irc.test PONG irc.test b" {
		t.Error(got)
	}
}

// FuzzSplitText: the lines are short enough, split no character, and join to
// the text.
func FuzzSplitText(f *testing.F) {
	f.Add("id=1&page=פתיחה&comment=x", 8)
	f.Add("", 400)
	f.Fuzz(func(t *testing.T, text string, max int) {
		text = strings.ToValidUTF8(text, "?")
		max = ircbus.MinPart + max&0xff
		var joined string
		for i, line := range splitText(text, max) {
			if len(line.text) > max || line.concat != (i > 0) || strings.ToValidUTF8(line.text, "") != line.text {
				t.Fatalf("line %d is %+v", i, line)
			}
			joined += line.text
		}
		if joined != text {
			t.Fatalf("%q is joined to %q", text, joined)
		}
	})
}
