package ircd

import (
	"net/netip"
	"strings"
	"testing"
)

// TestCloak: the same network has the same end, whatever is in front of it;
// another key gives other hosts.
func TestCloak(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	host := func(addr string) string { return cloak(key, netip.MustParseAddr(addr)) }
	end := func(host string, labels int) string {
		all := strings.Split(host, ".")
		return strings.Join(all[len(all)-labels:], ".")
	}
	for _, test := range []struct {
		a, b   string
		labels int // at the end that are the same
	}{
		{"192.0.2.7", "192.0.2.7", 4},
		{"192.0.2.7", "::ffff:192.0.2.7", 4},
		{"192.0.2.7", "192.0.2.8", 3},
		{"192.0.2.7", "192.0.3.7", 2},
		{"192.0.2.7", "192.1.2.7", 1},
		{"2001:db8:1:2::7", "2001:db8:1:2:ffff::1%eth0", 3},
		{"2001:db8:1:2::7", "2001:db8:1:3::7", 2},
		{"2001:db8:1:2::7", "2001:db8:2:2::7", 1},
	} {
		a, b := host(test.a), host(test.b)
		if end(a, test.labels) != end(b, test.labels) || strings.Count(a, ".")+1 > test.labels && end(a, test.labels+1) == end(b, test.labels+1) {
			t.Errorf("%s is %s, %s is %s", test.a, a, test.b, b)
		}
	}
	if other := cloak([]byte("another key"), netip.MustParseAddr("192.0.2.7")); end(other, 2) == end(host("192.0.2.7"), 2) {
		t.Error("the key makes no difference")
	}
	if got := host("192.0.2.7"); len(got) > 40 || !strings.HasSuffix(got, ".ip") {
		t.Errorf("%s", got)
	}
}

// TestCloaked: others see the cloak, bans match it; the owner and operators see
// the address, and bans from the server match that.
func TestCloaked(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	b := newBus(t, func(c *Config) { c.CloakKey = key })
	far := func(nick, address string) *user {
		u := b.dialFrom(address, plainConn)
		u.send("NICK "+nick, "USER "+nick+" 0 * :"+nick)
		u.until(" 422 ")
		return u
	}
	alice, bob, here := far("alice", "192.0.2.7"), far("bob", "198.51.100.8"), b.user("here")
	host := cloak(key, netip.MustParseAddr("192.0.2.7"))
	bob.send("JOIN #talk")
	bob.until(" 366 ")
	alice.send("JOIN #talk")
	alice.until(" 366 ")
	if got := bob.line(); got != ":alice!~alice@"+host+" JOIN #talk" {
		t.Errorf("bob sees %q", got)
	}
	for _, command := range []string{"WHOIS alice", "WHO alice", "WHO #talk %ihn", "USERHOST alice", "NAMES #talk", "WHOWAS alice"} {
		bob.send(command)
		if got := strings.Join(bob.fence(), "\n"); strings.Contains(got, "192.0.2") {
			t.Errorf("%s tells the address: %s", command, got)
		}
	}
	alice.send("WHOIS alice")
	if got := strings.Join(alice.fence(), "\n"); !strings.Contains(got, " 378 alice alice :is connecting from 192.0.2.7") || !strings.Contains(got, " "+host+" ") {
		t.Errorf("alice sees %s", got)
	}
	here.send("WHOIS here")
	if got := strings.Join(here.fence(), "\n"); !strings.Contains(got, " 311 here here ~here 127.0.0.1 ") {
		t.Errorf("on this machine: %s", got)
	}
	alice.send("PART #talk")
	alice.until(" PART ")
	bob.send("MODE #talk +b *!*@*" + host[strings.LastIndex(strings.TrimSuffix(host, ".ip"), "."):])
	bob.until(" +b ")
	alice.send("JOIN #talk")
	alice.until(" 474 ")

	oper := b.user("oper", "sasl")
	oper.send("OPER oper secret")
	oper.until(" 381 ")
	oper.send("WHOIS alice")
	if got := strings.Join(oper.fence(), "\n"); !strings.Contains(got, " 378 oper alice :is connecting from 192.0.2.7") {
		t.Errorf("an operator sees %s", got)
	}
	oper.send("KLINE *@192.0.2.0/24 :enough")
	if got := alice.rest(); len(got) == 0 || !strings.Contains(got[len(got)-1], "enough") {
		t.Errorf("the end of alice is %q", got)
	}
}
