package ircd

import (
	"testing"
	"time"
)

// TestCapNotify: who has asked for it, or speaks version 302, is told when other
// capabilities are offered or with other values.
func TestCapNotify(t *testing.T) {
	b := newBus(t, func(c *Config) { c.STS = STS{Port: 6697, Duration: time.Hour} })
	modern, asked, old := b.dialFrom("192.0.2.7", plainConn), b.dial(), b.dial()
	modern.send("CAP LS 302", "CAP REQ sasl")
	modern.until(" ACK :sasl")
	asked.send("CAP REQ cap-notify")
	asked.until(" ACK ")
	old.send("CAP REQ sasl")
	old.until(" ACK ")
	expect := func(u *user, want ...string) {
		t.Helper()
		for _, want := range want {
			if got := u.line(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		if extra := u.fence(); len(extra) > 0 {
			t.Errorf("also %q", extra)
		}
	}
	b.Configure(Settings{STS: STS{Port: 6698}})
	expect(modern, ":irc.test CAP * NEW :sts=port=6698")
	b.Configure(Settings{MOTD: []string{"hello"}, STS: STS{Port: 6698}})
	expect(modern)
	b.Configure(Settings{})
	expect(modern, ":irc.test CAP * NEW :sts=duration=0")
	expect(asked)

	login := b.cfg.Login
	set := func(to *Config) {
		b.Server.mu.Lock()
		defer b.Server.mu.Unlock()
		b.offering(func() { b.cfg.Login = to.Login })
	}
	set(&Config{})
	expect(modern, ":irc.test CAP * DEL :sasl")
	expect(asked, ":irc.test CAP * DEL :sasl")
	modern.send("CAP LIST")
	expect(modern, ":irc.test CAP * LIST :cap-notify")
	set(&Config{Login: login})
	expect(modern, ":irc.test CAP * NEW :sasl=PLAIN")
	expect(asked, ":irc.test CAP * NEW :sasl")
	expect(old)
}
