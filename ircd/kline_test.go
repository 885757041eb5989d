package ircd

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

func TestParseKLine(t *testing.T) {
	for mask, want := range map[string]string{
		"ann@192.0.2.7":             "ann@192.0.2.7",
		"192.0.2.7":                 "*@192.0.2.7",
		"192.0.2.7/24":              "*@192.0.2.0/24",
		"2001:db8::1/48":            "*@2001:db8::/48",
		"::ffff:192.0.2.7":          "",
		"*@::ffff:192.0.2.7":        "*@192.0.2.7",
		"*@::ffff:192.0.2.0/120":    "*@192.0.2.0/24",
		"*@*.example":               "*@*.example",
		"bad*@*":                    "bad*@*",
		"Account:Eve":               "account:Eve",
		"account:":                  "",
		"account:1x":                "",
		"*@*":                       "",
		"~*@*.*":                    "",
		"*":                         "",
		"*@0.0.0.0/0":               "",
		"10.0.0.0/7":                "",
		"10.0.0.0/8":                "*@10.0.0.0/8",
		"bad@0.0.0.0/0":             "bad@0.0.0.0/0",
		"*@2000::/3":                "",
		"nick!user@host":            "",
		"@host":                     "",
		"user@":                     "",
		"":                          "",
		":x@y":                      "",
		"a b@c":                     "",
		strings.Repeat("x", 121):    "",
		"user@" + "10.0.0.0/33":     "user@10.0.0.0/33",
		"user@fe80::1%eth0":         "user@fe80::1%eth0",
		"user@name@192.0.2.0/24":    "user@name@192.0.2.0/24",
		"*@192.0.2.*":               "*@192.0.2.*",
		"*@0:0:0:0:0:0:0:1":         "*@::1",
		"*@2001:db8:0:0:0:0:0:0/32": "*@2001:db8::/32",
	} {
		k, err := parseKLine(mask)
		if (want == "") != (err != nil) || err == nil && k.Mask != want {
			t.Errorf("%q: %q, %v, want %q", mask, k.Mask, err, want)
		}
	}
}

func TestKLineMeets(t *testing.T) {
	now := time.Now()
	somebody := func(user, addr, account string) *client {
		return &client{conn: &conn{from: ircbus.OriginOf(addr)}, person: &person{user: user, host: "cloak.example", account: account}}
	}
	behind := func(proxy string) string { return ircbus.BehindProxy{Peer: netip.MustParseAddrPort(proxy)}.String() }
	for _, c := range []struct {
		mask string
		who  *client
		want bool
	}{
		{"192.0.2.0/24", somebody("~eve", "192.0.2.7:1", ""), true},
		{"192.0.2.0/24", somebody("~eve", "192.0.3.7:1", ""), false},
		{"192.0.2.*", somebody("~eve", "192.0.2.7:1", ""), true},
		{"*@CLOAK.*", somebody("~eve", "192.0.2.7:1", ""), true},
		{"~eve@*", somebody("~eve", "192.0.2.7:1", ""), true},
		{"~ben@192.0.2.7", somebody("~eve", "192.0.2.7:1", ""), false},
		{"2001:db8::/32", somebody("~eve", "[2001:db8::7]:1", ""), true},
		{"2001:db8::/32", somebody("~eve", "[2001:db9::7]:1", ""), false},
		{"127.0.0.1", somebody("~eve", "127.0.0.1:1", ""), false},
		{"~eve@*", somebody("~eve", "[::1]:1", ""), false},
		{"~eve@*", somebody("~eve", behind("127.0.0.1:1"), ""), true},
		{"192.0.2.0/24", somebody("~eve", behind("192.0.2.7:1"), ""), true},
		{"127.0.0.1", somebody("~eve", behind("127.0.0.1:1"), ""), false},
		{"account:Eve", somebody("~x", "127.0.0.1:1", "eve"), true},
		{"account:eve", somebody("~eve", "192.0.2.7:1", ""), false},
	} {
		k, err := parseKLine(c.mask)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.meets(c.who, now); got != c.want {
			t.Errorf("%s meets %s from %v: %v", c.mask, c.who.user, c.who.conn.from, got)
		}
		k.Expires = now
		if k.meets(c.who, now) {
			t.Errorf("%s meets somebody at its end", c.mask)
		}
	}
}

// TestKLinesHaveALimit also shows that who logs in as an operator is not banned.
func TestKLinesHaveALimit(t *testing.T) {
	var first []KLine
	for i := range maxKLines {
		first = append(first, KLine{Mask: "u" + itoa(i) + "@*.example"})
	}
	first[0].Expires = time.Now().Add(time.Hour)
	first[1].Mask = "account:operben"
	b := newBus(t, func(c *Config) { c.KLines = first })
	u := b.dial()
	u.send("PASS operben:secret", "NICK ben", "USER ben 0 * ben", "OPER", "KLINE one@more.example", "UNKLINE u2@*.example", "KLINE one@more.example :yes")
	got := strings.Join(u.until(" banned one@more.example: yes"), "\n")
	for _, part := range []string{" 900 ", " MODE ben +o", " 400 ben KLINE ", " ended the ban of u2@*.example"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in\n%s", part, got)
		}
	}
	if _, err := New(Config{Name: "x", Append: b.append, KLines: []KLine{{Mask: "*"}}}); err == nil {
		t.Error("a server began with a ban of everybody")
	}
}

// TestKLineNotSaved: a ban that cannot be kept is not in force.
func TestKLineNotSaved(t *testing.T) {
	b := newBus(t, func(c *Config) {
		c.SaveKLines = func([]KLine) error { return errors.New("the disk is full") }
	})
	ada := b.user("ada")
	ada.send("OPER operada secret", "KLINE account:moin")
	ada.until(" 400 ada KLINE ")
	ada.send("STATS k")
	if got := ada.line(); !strings.Contains(got, " 219 ") {
		t.Errorf("a ban that could not be kept: %s", got)
	}
}

func FuzzKLine(f *testing.F) {
	for _, mask := range []string{"ann@192.0.2.7", "2001:db8::1/48", "account:eve", "*@*", "a@b@c", "user@::ffff:1.2.3.4/100", "*@0/0"} {
		f.Add(mask)
	}
	f.Fuzz(func(t *testing.T, mask string) {
		k, err := parseKLine(mask)
		if err != nil {
			return
		}
		if strings.ContainsAny(k.Mask, " \r\n\x00") || k.Mask[0] == ':' {
			t.Errorf("%q became %q, which is no parameter", mask, k.Mask)
		}
		again, err := parseKLine(k.Mask)
		if err != nil || again.Mask != k.Mask || again.network != k.network || again.account != k.account {
			t.Errorf("%q became %+v, and that %+v, %v", mask, k, again, err)
		}
		k.meets(&client{conn: &conn{from: ircbus.OriginOf("192.0.2.7:1")}, person: &person{user: mask, host: mask, account: mask}}, time.Now())
	})
}

// TestKLineByAddress: a ban ends the connections that it meets, keeps others
// away once they have said who they are, but for who logs in as an operator.
func TestKLineByAddress(t *testing.T) {
	b := newBus(t)
	eve := b.dialFrom("192.0.2.7", plainConn)
	eve.send("NICK eve", "USER eve 0 * eve")
	eve.until(" 422 ")
	ada := b.user("ada")
	ada.send("OPER operada secret", "KLINE 192.0.2.0/24 :spam")
	ada.until(" banned *@192.0.2.0/24: spam")
	if got := strings.Join(eve.rest(), "\n"); got != ":irc.test 465 eve :You are banned from this server: spam\nERROR :Closing Link: 192.0.2.7 (K-lined: spam)" {
		t.Error(got)
	}
	eve = b.dialFrom("192.0.2.8", plainConn)
	eve.send("NICK eve", "USER eve 0 * eve")
	if got := strings.Join(eve.rest(), "\n"); got != ":irc.test 465 * :You are banned from this server: spam\nERROR :K-lined: spam" {
		t.Error(got)
	}
	ben := b.dialFrom("192.0.2.9", plainConn)
	ben.send("PASS operben:secret", "NICK ben", "USER ben 0 * ben")
	ben.until(" 422 ")
	ada.send("UNKLINE 192.0.2.0/24")
	ada.until(" ended the ban of *@192.0.2.0/24")
	eve = b.dialFrom("192.0.2.8", plainConn)
	eve.send("NICK eve", "USER eve 0 * eve")
	eve.until(" 422 ")
}
