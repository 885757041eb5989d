package ircd

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ircbus/ircbus"
)

// TestHostileLines: each bad line gets its answer, and the next line is not
// hurt.
func TestHostileLines(t *testing.T) {
	b := newBus(t)
	for name, test := range map[string]struct{ line, answer string }{
		"100 kB":          {strings.Repeat("x", 100_000), " 417 alice "},
		"100 kB of tags":  {"@" + strings.Repeat("x", 100_000) + " PING x", " 417 alice "},
		"600 bytes":       {"PRIVMSG #moin :" + strings.Repeat("x", 600), " 417 alice "},
		"5000 of tags":    {"@" + strings.Repeat("x", 5000) + " PING x", " 417 alice "},
		"NUL":             {"PRIVMSG #moin :a\x00b", " 400 alice "},
		"CR":              {"PRIVMSG #moin :a\rb", " 400 alice "},
		"not UTF-8":       {"PRIVMSG #talk :a\xffb", " FAIL PRIVMSG INVALID_UTF8 "},
		"tag not UTF-8":   {"@a=\xff PING x", " FAIL * INVALID_UTF8 "},
		"empty":           {"", ""},
		"blanks":          {"    ", ""},
		"only tags":       {"@a=b", ""},
		"only a source":   {":x", ""},
		"no command":      {":x :y", " 421 alice * "},
		"odd command":     {"\x01\x02", " 421 alice "},
		"digits":          {"001 alice :hello", " 421 alice 001 "},
		"many parameters": {"PING" + strings.Repeat(" a", 200), "PONG irc.test a"},
		"nick with CR":    {"NICK \x07", " 432 alice "},
		"odd channel":     {"JOIN #a\x07", " 476 alice "},
		"long channel":    {"JOIN #" + strings.Repeat("a", 300), " 476 alice "},
		"long view":       {"JOIN #moin?page=" + strings.Repeat("a", 300), " 476 alice "},
		"odd mode":        {"MODE alice +", ""},
		"half a mode":     {"MODE #moin +k", " 482 alice "},
		"empty target":    {"PRIVMSG  :x", " 412 alice "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nick := "u" + strings.Map(onlyLettersAndDigits, name)
			u := b.user(nick)
			u.raw(strings.Replace(test.line, "alice", nick, 1) + "\r\n")
			lines := u.fence()
			answer := strings.Replace(test.answer, "alice", nick, 1)
			if len(lines) == 2 && strings.Contains(answer, " INVALID_UTF8 ") && strings.Contains(lines[1], " 404 "+nick+" ") {
				lines = lines[:1] // the same for clients that do not know FAIL
			}
			if test.answer == "" && len(lines) > 0 || test.answer != "" && (len(lines) != 1 || !strings.Contains(lines[0], answer)) {
				t.Errorf("answered %q, want %q", lines, answer)
			}
		})
	}
}

func onlyLettersAndDigits(r rune) rune {
	if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
		return r
	}
	return -1
}

// TestEndlessLine: who sends a line without an end is let go.
func TestEndlessLine(t *testing.T) {
	b := newBus(t)
	for _, u := range []*user{b.dial(), b.user("alice")} {
		go func() {
			for zeros := make([]byte, 1<<16); ; {
				if _, err := u.nc.Write(zeros); err != nil {
					return
				}
			}
		}()
		if got := u.line(); got != "ERROR :A line had no end after 1048576 bytes" {
			t.Error(got)
		}
	}
}

// TestLongLinesCount: a line counts for the limit on lines by its length.
func TestLongLinesCount(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Burst, c.Limits.Lines = 15, 100 })
	u := b.user("alice")
	before := time.Now()
	u.send(slices.Concat(slices.Repeat([]string{strings.Repeat("x", 100_000)}, 11), []string{"PING a"})...)
	got := strings.Join(u.until("PONG irc.test a"), "\n")
	if strings.Count(got, " 417 ") != 11 {
		t.Error(got)
	}
	if took := time.Since(before); took < time.Second {
		t.Errorf("eleven lines that count for fifteen each, and fifteen at once, took only %v at 100 a second", took)
	}
}

// TestManyTargets: a line full of names costs a bounded answer, and each name is
// one.
func TestManyTargets(t *testing.T) {
	b := newBus(t)
	u := b.user("alice")
	names := strings.TrimSuffix(strings.Repeat("#a,", 160), ",")
	for _, test := range []struct {
		line  string
		lines int
	}{
		{"JOIN #a" + strings.Repeat(",#a", 1000), 1}, // too long
		{"JOIN " + names, 3},
		{"NAMES " + names, 1}, // too many,
		{"PRIVMSG " + names[:100] + " :x", 1},
		{"LIST " + names, 3},
		{"PART " + names, 160},
		{"WHO " + names, 1},
		{"JOIN " + strings.Repeat(",", 400), 0},
		{"JOIN 0", 0},
	} {
		u.send(test.line)
		if lines := u.fence(); len(lines) != test.lines {
			t.Errorf("%.20s… is answered with %d lines, want %d: %.300q", test.line, len(lines), test.lines, lines)
		}
	}
}

// TestStrangeViews: a view's name comes back exactly as it was asked for, whatever
// bytes it has, and is forgotten with its last member.
func TestStrangeViews(t *testing.T) {
	b := newBus(t)
	u := b.user("alice")
	for i, view := range []string{
		"#moin?page=A*", "#MOIN?page=a", "#moin?page=%41", "#moin?PAGE=A", "#moin?page=A&page=A", "#moin?page=פ*&page=a",
		"#moin?page=?", "#moin?page=*&x=!:", "#moin?page=!%FF", "#moin?page=!%00%0D%0A", "#moin?x=", "#moin?page=!\x02\xc2\xa0",
		"#moin?", "#moin?page", "#moin?=A", "#moin??", "#moin?&&", "#moin?%zz=1", "#moin?page=A#x", "#moin.text?page=A",
		"#moin?page=a\x07", "#moin?page=\xff", "#?page=A", "#moin?" + strings.Repeat("&page=A", 22),
	} {
		u.send("JOIN " + view)
		answer := u.fence()
		if !strings.HasPrefix(answer[0], ":alice!") {
			if len(answer) != 1 {
				t.Errorf("%q is answered %q", view, answer)
			}
			continue
		}
		b.Deliver([]ircbus.Event{event(i+1, "#moin", "page", "A")})
		for _, line := range append(answer, u.fence()...) {
			if !strings.Contains(line+" ", " "+ircbus.ToUTF8(view)+" ") {
				t.Errorf("%q is not in %q", view, line)
			}
		}
		u.send("PART " + view)
		u.fence()
	}
	b.Server.mu.Lock()
	defer b.Server.mu.Unlock()
	for name, fn := range b.feeds {
		if len(fn.views) > 0 {
			t.Errorf("%s has views left: %v", name, fn.views)
		}
	}
}

// TestHalfClosed: who sends everything, closes his side and still reads gets all
// his answers; half a line is not carried out.
func TestHalfClosed(t *testing.T) {
	b := newBus(t)
	u := b.dial()
	u.send("NICK alice", "USER a 0 * :a", "JOIN #talk")
	u.raw("PRIVMSG #talk :hal")
	if err := u.nc.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(u.rest(), "\n")
	if !strings.Contains(all, " 366 alice #talk ") || !strings.HasSuffix(all, "ERROR :Connection closed") {
		t.Error(all)
	}
}

// TestReader: lines come out whole however the bytes come in.
func TestReader(t *testing.T) {
	input := "one\r\ntwo\n\nthree \r\n" + strings.Repeat("x", maxInput) + "\r\nfour\n" +
		strings.Repeat("y", 3*largeBuffer) + "\nfive\n" + strings.Repeat("z", maxInput+1) + "\nsix\nunfinished"
	want := []string{"one", "two", "", "three ", strings.Repeat("x", maxInput), "four", "!", "five", "!", "six"}
	for name, src := range map[string]io.Reader{
		"whole":           strings.NewReader(input),
		"bytes":           iotest.OneByteReader(strings.NewReader(input)),
		"half":            iotest.HalfReader(strings.NewReader(input)),
		"data with error": iotest.DataErrReader(strings.NewReader(input)),
	} {
		lr := lineReader{src: src}
		for i, line := range want {
			got, err := lr.next()
			if err != nil {
				got = []byte("!")
			}
			if string(got) != line {
				t.Errorf("%s: line %d has %d bytes %.40q, want %d bytes %.40q", name, i, len(got), got, len(line), line)
			}
		}
		if _, err := lr.next(); err != io.EOF {
			t.Errorf("%s ends with %v", name, err)
		}
		if len(lr.buf) > largeBuffer {
			t.Errorf("%s: the buffer has grown to %d bytes", name, len(lr.buf))
		}
	}
}
