package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLongModeLines: changes that do not fit into one line are told in several,
// all of them whole.
func TestLongModeLines(t *testing.T) {
	u := newBus(t).user("ada")
	u.send("JOIN #talk")
	u.until(" 366 ")
	var masks []string
	for i := range maxModes {
		masks = append(masks, fmt.Sprintf("%d!*@%s", i, strings.Repeat("h", maxMaskLen-10)))
	}
	for i := 0; i < maxModes; i += 4 { // as many as fit into the line that asks
		u.send("MODE #talk +bbbb " + strings.Join(masks[i:i+2], " ") + " " + fmt.Sprintf("x%d y%d", i, i))
	}
	u.send("MODE #talk -b+bbbbbbb 0!*@" + strings.Repeat("h", maxMaskLen-10) + " " + strings.Repeat("z", 100) + " 1 2 3 4 5 6")
	told := make(map[string]bool)
	for _, line := range u.fence() {
		if len(line) > maxLine-2 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
		params := strings.Fields(line)[3:]
		if strings.Count(params[0], "b") != len(params)-1 {
			t.Errorf("not as many masks as changes: %s", line)
		}
		for _, mask := range params[1:] {
			told[mask] = true
		}
	}
	for _, mask := range []string{masks[0], masks[1], masks[4], masks[5], "x0!*@*", "y4!*@*", strings.Repeat("z", 100) + "!*@*", "6!*@*"} {
		if !told[mask] {
			t.Errorf("the change of %q was not told", mask)
		}
	}
}

// TestMasksAreLimited: all lists of a channel together.
func TestMasksAreLimited(t *testing.T) {
	u := newBus(t, func(c *Config) { c.Limits.Masks = 3 }).user("ada")
	u.send("JOIN #talk", "MODE #talk +beI a b c", "MODE #talk +ebb d a e")
	u.until("+beI")
	for _, want := range []string{" 478 ada #talk e ", " 478 ada #talk b "} {
		if got := u.line(); !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	u.send("MODE #talk -e b", "MODE #talk +e d")
	if got := u.fence(); len(got) != 2 || !strings.HasSuffix(got[1], "+e d!*@*") {
		t.Error(got)
	}
}

// TestInvitationsAreLimited: the latest ones stay.
func TestInvitationsAreLimited(t *testing.T) {
	b := newBus(t)
	ada, ben := b.user("ada"), b.user("ben")
	for i := range maxInvitations + 1 {
		name := fmt.Sprintf("#c%d", i)
		ada.send("JOIN "+name, "INVITE ben "+name)
	}
	ada.fence()
	ben.fence()
	ben.send("INVITE")
	list := ben.until(" 337 ")
	if len(list) != maxInvitations+1 || !strings.HasSuffix(list[0], " #c1") {
		t.Errorf("%d lines, the first %s", len(list), list[0])
	}
}

// TestWhoIsLimited: a mask finds so many people, and it is told that there are
// more.
func TestWhoIsLimited(t *testing.T) {
	b := newBus(t)
	for i := range maxWhois + 1 {
		b.user(fmt.Sprintf("user%d", i))
	}
	u := b.user("ada")
	u.send("WHOIS user*")
	got := strings.Join(u.until(" 318 "), "\n")
	if n := strings.Count(got, " 311 "); n != maxWhois || !strings.Contains(got, " 416 ada user* ") {
		t.Errorf("%d people:\n%s", n, got)
	}
	u.send("WHO user*")
	got = strings.Join(u.until(" 315 "), "\n")
	if n := strings.Count(got, " 352 "); n != maxWhois+1 || strings.Contains(got, " 416 ") {
		t.Errorf("%d people:\n%s", n, got)
	}
}

// TestLookingCounts: who looks through many people uses up the limit on lines.
func TestLookingCounts(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Limits.Burst, c.Limits.Lines = 30, 50 })
	u := b.user("ada")
	b.Server.mu.Lock()
	for i := range 2500 {
		nick := fmt.Sprintf("p%d", i)
		b.nicks[foldNick(nick)] = &person{nick: nick}
	}
	b.Server.mu.Unlock()
	u.send("WHO x*", "WHOIS x*", "PING x")
	if got := strings.Join(u.until("PONG"), "\n"); !strings.Contains(got, "You send more than 50 lines a second") {
		t.Error(got)
	}
}

// TestListByAge: what is older or younger than so many minutes.
func TestListByAge(t *testing.T) {
	now := time.Now()
	l := listed{name: "#a", people: 2, created: now.Add(-2 * time.Minute)}
	for words, want := range map[string]bool{
		"C>1": true, "C>2": false, "C<3": true, "C<2": false, "c<99999": true, "T>0": false, "T<9": false,
		"#A": true, "#b": false, "#b,#a": true, "!#b": true, "!#a": false, "C>1,#b": false, ">1,<3": true, "": true,
	} {
		if got := parseListing([]string{words}).has(l, now); got != want {
			t.Errorf("%s: %v", words, got)
		}
	}
	l.topic = now.Add(-time.Minute)
	if !parseListing([]string{"T>0,T<2"}).has(l, now) || parseListing([]string{"T>1"}).has(l, now) {
		t.Error("the time of the topic is not minded")
	}
}

// FuzzMask: a complete mask completes to itself and is short, and matching ends.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{"nick", "a!b", "a@b", "192.0.2.1", "~a:x", "~!account:*", "~m:~a:x", "~mute:a!b@c", "~:", "!@", ":x", "~m:~m:x", "~m:~"} {
		f.Add(seed)
	}
	p := &person{nick: "ada", user: "~ada", host: "192.0.2.1", account: "ada"}
	f.Fuzz(func(t *testing.T, typed string) {
		mask, why := completeMask(typed)
		if (mask == "") != (why != "") {
			t.Fatalf("%q: %q and %q", typed, mask, why)
		}
		if why != "" {
			return
		}
		if again, why := completeMask(mask); len(mask) <= maxMaskLen && (again != mask || why != "") {
			t.Fatalf("%q becomes %q, then %q (%s)", typed, mask, again, why)
		}
		if len(mask) > maxMaskLen+len("!*@*") || strings.ContainsAny(mask, " ") {
			t.Fatalf("%q becomes %q", typed, mask)
		}
		if strings.Trim(typed, "*") == "" && !compileMask(mask)(p) {
			t.Fatalf("%q becomes %q, which fits not everybody", typed, mask)
		}
	})
}

// FuzzListing: whatever words there are, a channel either is listed or not.
func FuzzListing(f *testing.F) {
	f.Add("#a,!#b,>3,<4,C>5,T<6", "x")
	f.Add("<,>,C,T>,!,>99999999999", ",,")
	now := time.Now()
	f.Fuzz(func(t *testing.T, a, b string) {
		l := listed{"#a", 1, now, now}
		first, both := parseListing([]string{a}).has(l, now), parseListing([]string{a, b}).has(l, now)
		joined := parseListing([]string{a + "," + b}).has(l, now)
		if both != joined {
			t.Fatalf("%q and %q: %v alone, %v both, %v joined", a, b, first, both, joined)
		}
	})
}
