package ircd

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

// TestSecretsArrive: whatever a password holds, the login gets it unchanged, by
// PASS and by SASL in pieces.
func TestSecretsArrive(t *testing.T) {
	logins := make(chan [2]string, 1)
	b := newBus(t, func(c *Config) {
		c.Login = func(_ context.Context, name, secret string, _ netip.Addr) (Account, error) {
			logins <- [2]string{name, secret}
			return Account{Name: name}, nil
		}
	})
	for pass, want := range map[string][2]string{
		"bob:a:b:c":   {"bob", "a:b:c"},
		":bob: x y ":  {"bob", " x y "},
		":bob::":      {"bob", ":"},
		"bob:":        {"bob", ""},
		":bob:פתיחה":  {"bob", "פתיחה"},
		"::nobody":    {"", "nobody"},
		"bob:x extra": {"bob", "x"},
	} {
		u := b.dial()
		u.send("PASS "+pass, "NICK x", "USER x 0 * :x")
		if got := <-logins; got != want {
			t.Errorf("PASS %s logs in with %q, want %q", pass, got, want)
		}
		u.until(" 422 ")
		u.nc.Close()
		wait(t, "the nick to be free", func() bool { return b.Stats().Registered == 0 })
	}
	for _, length := range []int{1, 289, 290, 291, 400, 600} { // 400 bytes of base64 are 300
		secret := strings.Repeat("p", length)
		u := b.dial()
		u.send("CAP REQ sasl", "AUTHENTICATE PLAIN")
		u.until("AUTHENTICATE +")
		answer := plain("bob", secret)
		for ; len(answer) >= 400; answer = answer[400:] {
			u.send("AUTHENTICATE " + answer[:400])
		}
		if answer == "" {
			answer = "+"
		}
		u.send("AUTHENTICATE " + answer)
		if got := <-logins; got != [2]string{"bob", secret} {
			t.Errorf("a secret of %d bytes arrives with %d", length, len(got[1]))
		}
		u.until(" 903 ")
	}
}

// TestLogOut: the connections of an account end, what it sent before is stored,
// and nobody else notices.
func TestLogOut(t *testing.T) {
	b := newBus(t)
	pub, alice := b.publisher("moin"), b.user("alice")
	bob := b.dial()
	bob.send("PASS bob:secret", "NICK robert", "USER x 0 * :x")
	bob.until(" 422 ")
	pub.send("PRIVMSG #moin :page=A")
	pub.fence()
	b.LogOut([]string{"MOIN", "bob", "unknown"})
	for _, u := range []*user{pub, bob} {
		if lines := u.rest(); len(lines) != 1 || !strings.HasPrefix(lines[0], "ERROR :The login as ") {
			t.Errorf("got %q", lines)
		}
	}
	if lines := alice.fence(); len(lines) > 0 {
		t.Errorf("alice got %q", lines)
	}
	if s := b.Stats(); s.Accepted != 1 {
		t.Errorf("stats %+v", s)
	}
}
