package ircd

import (
	"fmt"
	"strings"
	"testing"
)

// texts joins the texts of the lines with the command.
func texts(lines []string, command string) (joined string) {
	for _, line := range lines {
		if _, rest, ok := strings.Cut(line, " "+command+" "); ok {
			_, text, _ := strings.Cut(rest, " :")
			joined += text
		}
	}
	return joined
}

// TestCaseD3: nothing that people say is cut. What does not fit into a line is
// refused, or comes as several lines.
func TestCaseD3(t *testing.T) {
	long := func(n int) string { return strings.Repeat("z", n) + "END" }
	t.Run("said", func(t *testing.T) {
		b := newBus(t)
		nick := strings.Repeat("a", maxNickLen)
		alice := b.user(nick, "echo-message", "labeled-response", "batch", "message-tags")
		bob, modern := b.user("bob"), b.user("modern", "batch", "draft/multiline", "message-tags")
		for _, u := range []*user{alice, bob, modern} {
			u.send("JOIN #talk")
			u.fence()
		}
		alice.fence()
		bob.fence()
		for _, c := range []struct{ send, command string }{
			{"PRIVMSG #talk :", "PRIVMSG"}, {"NOTICE #talk :", "NOTICE"},
			{"PRIVMSG bob :", "PRIVMSG"}, {"NOTICE bob :", "NOTICE"},
		} {
			for _, text := range []string{long(maxLine - len(c.send+"END\r\n")), strings.Repeat("שׂ", 112) + long(20)} {
				alice.send(c.send + text)
				if got := alice.fence(); len(got) != 1 || !strings.Contains(got[0], " 417 ") {
					t.Errorf("%s: %q", c.send, got)
				}
				for _, u := range []*user{bob, modern} {
					if got := u.fence(); len(got) > 0 {
						t.Errorf("%s: somebody got %q", c.send, got)
					}
				}
			}
			room := maxLine - len(":"+alice.source(b)+" "+c.send+"\r\n")
			alice.send(c.send + long(room-len("END")))
			if got := alice.fence(); texts(got, c.command) != long(room-len("END")) {
				t.Errorf("%s: %q", c.send, got)
			}
			if got := bob.fence(); texts(got, c.command) != long(room-len("END")) || len(got) != 1 || len(got[0]) > maxLine-2 {
				t.Errorf("%s: bob got %q", c.send, got)
			}
			modern.fence()
		}
		// A batch's lines, too, grow by the sender's name.
		writer := b.user(strings.Repeat("w", maxNickLen), "batch", "draft/multiline", "message-tags")
		writer.send("JOIN #talk")
		writer.fence()
		bob.fence()
		modern.fence()
		text := long(maxLine - len("PRIVMSG #talk :END\r\n"))
		writer.send("BATCH +1 draft/multiline #talk", "@batch=1 PRIVMSG #talk :"+text, "@batch=1 PRIVMSG #talk :"+text, "BATCH -1")
		writer.fence()
		for _, u := range []*user{bob, modern} {
			if got := texts(u.fence(), "PRIVMSG"); got != text+text {
				t.Errorf("of the batch %q", got)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		b := newBus(t)
		alice := b.user(strings.Repeat("a", maxNickLen), "setname", "draft/message-redaction", "message-tags")
		bob := b.user("bob", "away-notify", "setname")
		oper := b.publisher("oper", "message-tags")
		oper.send("OPER")
		oper.fence()
		for _, u := range []*user{alice, bob} {
			u.send("JOIN #talk")
			u.fence()
		}
		alice.fence()
		for _, c := range []struct {
			u        *user
			send     string
			size     int
			accepted int // a length that is not too long
		}{
			{alice, "TOPIC #talk :", maxTopicLen + 1, maxTopicLen}, {alice, "AWAY :", maxAwayLen + 1, maxAwayLen},
			{alice, "PART #talk :", maxReasonLen + 1, 0}, {alice, "KICK #talk bob :", maxKickLen + 1, 0},
			{alice, "REDACT #talk m1 :", 301, 0}, {oper, "WALLOPS :", 499, 300},
			{oper, "KILL bob :", maxReasonLen + 1, 0}, {oper, "KLINE *@203.0.113.9 :", maxReasonLen + 1, 0},
			{alice, "PRIVMSG #talk :\x01ACTION ", 480, 300},
		} {
			c.u.send(c.send + long(c.size-3))
			got := strings.Join(c.u.fence(), "\n")
			if !strings.Contains(got, " 417 ") || strings.Contains(got, "zzz") {
				t.Errorf("%s…: %q", c.send, got)
			}
			if seen := bob.fence(); len(seen) > 0 {
				t.Errorf("%s…: others see %q", c.send, seen)
			}
			if c.accepted > 0 {
				c.u.send(c.send + long(c.accepted-3))
				if got := strings.Join(c.u.fence(), "\n"); strings.Contains(got, " 417 ") {
					t.Errorf("%s… of %d bytes: %q", c.send, c.accepted, got)
				}
				bob.fence()
			}
		}
		alice.send("QUIT :" + long(400))
		alice.until(" 417 ")
		if got := bob.until(" QUIT "); !strings.HasSuffix(got[0], " QUIT :Quit") {
			t.Errorf("of the QUIT others see %q", got)
		}
		carol := b.dial()
		carol.send("NICK carol", "USER c 0 * :"+long(200))
		if got := strings.Join(carol.until(" 422 "), "\n"); !strings.Contains(got, " 417 ") {
			t.Errorf("a long real name: %q", got)
		}
		carol.send("WHOIS carol")
		if got := strings.Join(carol.fence(), "\n"); strings.Contains(got, "zzz") {
			t.Errorf("a real name is cut: %q", got)
		}
	})
	t.Run("server", func(t *testing.T) {
		b := newBus(t)
		first, second := b.user("first"), b.user("second")
		for _, u := range []*user{first, second} {
			u.send("OPER oper secret")
			u.fence()
		}
		first.fence()
		victim := strings.Repeat("v", maxNickLen)
		b.user(victim)
		reason := long(maxReasonLen - 3)
		first.send(fmt.Sprintf("KILL %s :%s", victim, reason))
		first.fence()
		if got := texts(second.fence(), "NOTICE"); !strings.HasSuffix(got, reason) {
			t.Errorf("operators are told %q", got)
		}
	})
	t.Run("again", func(t *testing.T) { // what is shown from before grows by its time
		b := newBus(t, keeps(t))
		alice := b.user(strings.Repeat("a", maxNickLen))
		alice.send("JOIN #talk")
		alice.fence()
		text := long(maxLine - len(":"+alice.source(b)+" PRIVMSG #talk :END\r\n"))
		action := strings.Repeat("y", 400-len(alice.source(b)))
		alice.send("PRIVMSG #talk :"+text, "PRIVMSG #talk :"+actionPrefix+action+"\x01")
		alice.fence()
		bob := b.user("bob")
		bob.send("JOIN #talk")
		var got string
		for _, line := range bob.fence() {
			_, text, _ := strings.Cut(line, " PRIVMSG #talk :")
			text, _ = strings.CutPrefix(text, actionPrefix)
			got += strings.TrimSuffix(text, "\x01")
		}
		if !strings.Contains(got, text) || !strings.Contains(got, action) {
			t.Errorf("bob is shown %q", got)
		}
	})
}

// source is who others see speaking, for a user's nick.
func (u *user) source(b *bus) string {
	u.send("WHOIS " + strings.Repeat("a", maxNickLen))
	for _, line := range u.fence() {
		if words := strings.Fields(line); words[1] == "311" {
			return words[3] + "!" + words[4] + "@" + words[5]
		}
	}
	return ""
}
