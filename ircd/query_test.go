package ircd

import (
	"slices"
	"strings"
	"testing"
)

// TestHelpIsComplete holds the table of HELP and the table of commands together.
func TestHelpIsComplete(t *testing.T) {
	for name := range commands {
		if helpTexts[name] == "" {
			t.Errorf("help.go has no text for %s", name)
		}
	}
	for topic, text := range helpTexts {
		if commands[topic].run == nil {
			t.Errorf("help.go has a text for %s, which is no command", topic)
		}
		for _, line := range strings.Split(text, "\n") {
			if len(line) > 400 || line == "" {
				t.Errorf("%s: the line %q must have 1 to 400 bytes", topic, line)
			}
		}
	}
	u := newBus(t).user("ada")
	u.send("HELP")
	index := strings.Join(u.until(" 706 "), " ")
	for name := range commands {
		if !strings.Contains(index, name) {
			t.Errorf("the index lacks %s", name)
		}
	}
}

func TestStatsCountsCommands(t *testing.T) {
	u := newBus(t).user("ada")
	u.send("TIME", "TIME", "NONSENSE", "STATS m")
	got := strings.Join(u.until(" 219 "), "\n")
	if !strings.Contains(got, " 212 ada TIME 2\n") || strings.Contains(got, "212 ada NONSENSE") {
		t.Error(got)
	}
}

// TestLusersCountsExactly: a connection is counted from the moment it is
// accepted to the moment others see it quit.
func TestLusersCountsExactly(t *testing.T) {
	b := newBus(t)
	ada := b.user("ada")
	check := func(want ...string) {
		t.Helper()
		ada.send("LUSERS")
		got := strings.Join(ada.until(" 266 "), "\n")
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%q is missing in\n%s", part, got)
			}
		}
	}
	check(" 251 ada :There are 1 users and 0 invisible on 1 servers", " 252 ada 0 ", " 253 ada 0 ", " 265 ada 1 1 ")
	x := b.dial()
	x.send("NICK x", "PING x")
	x.until("PONG")
	check(" 253 ada 1 ", " 255 ada :I have 1 clients", " 266 ada 1 1 ")
	x.send("USER x 0 * :x")
	x.until(" 422 ")
	check(" 253 ada 0 ", " 265 ada 2 2 ")
	x.send("QUIT")
	x.rest()
	check(" 253 ada 0 ", " 251 ada :There are 1 users", " 265 ada 1 2 ")
}

// TestCapLsInLines: version 302 gets everything, in lines that IRC has room for;
// others get one line without values.
func TestCapLsInLines(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Name = strings.Repeat("n", 63) })
	x := b.dial()
	x.send("CAP LS 302")
	var names []string
	lines := 0
	for more := true; more; lines++ {
		line := x.line()
		if len(line) > maxLine-2 {
			t.Errorf("a line has %d bytes: %s", len(line), line)
		}
		head, list, _ := strings.Cut(line, " :")
		more = strings.HasSuffix(head, " LS *")
		names = append(names, strings.Fields(list)...)
	}
	anybody := &client{srv: b.Server, conn: new(conn)}
	if want := anybody.capNames(allCaps, true); !slices.Equal(names, want) {
		t.Errorf("%d lines have %v, want %v", lines, names, want)
	}
	y := b.dial()
	y.send("CAP LS")
	_, list, _ := strings.Cut(y.line(), " LS :")
	old := strings.Fields(list)
	if len(old) < 10 || !slices.Equal(old, anybody.capNames(allCaps, false)[:len(old)]) {
		t.Errorf("before 302: %v", old)
	}
	y.send("PING y")
	if got := y.line(); !strings.Contains(got, " PONG ") {
		t.Errorf("a second line: %s", got)
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		room        int
		words, want string
	}{
		{5, "", ""}, {5, "ab cd", "ab cd"}, {4, "ab cd", "ab|cd"}, {1, "ab cd", "ab|cd"}, {8, "ab cd ef gh", "ab cd ef|gh"},
	} {
		var got []string
		for _, line := range wrap(strings.Fields(c.words), c.room) {
			got = append(got, strings.Join(line, " "))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%q in lines of %d: %q, want %q", c.words, c.room, got, c.want)
		}
	}
}
