package ircd

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestCaseD9: a client that splits account:password at its colon has another
// separator, and if it gives the password for a name, nobody sees it.
func TestCaseD9(t *testing.T) {
	for name, c := range map[string]struct {
		send []string
		want string // in the last line
	}{
		"slash":             {[]string{"PASS anna/secret", "NICK anna", "USER a 0 * :a"}, " 422 "},
		"colon":             {[]string{"PASS anna:secret", "NICK anna", "USER a 0 * :a"}, " 422 "},
		"wrong":             {[]string{"PASS anna/other", "NICK anna", "USER a 0 * :a"}, "ERROR :Login failed"},
		"nick":              {[]string{"PASS anna", "NICK secret", "USER a 0 * :a"}, "ERROR :Login failed"},
		"nick first":        {[]string{"NICK secret", "PASS anna", "USER a 0 * :a"}, "ERROR :Login failed"},
		"of a publisher":    {[]string{"PASS MOIN", "NICK secret", "USER a 0 * :a"}, "ERROR :Login failed"},
		"user":              {[]string{"PASS anna", "NICK bob", "USER secret 0 * :a"}, "ERROR :Login failed"},
		"real name":         {[]string{"PASS anna", "NICK bob", "USER a 0 * :secret"}, "ERROR :Login failed"},
		"second nick":       {[]string{"PASS anna", "NICK holder", "USER a 0 * :a", "NICK secret"}, "ERROR :Login failed"},
		"no account's name": {[]string{"PASS nobody", "NICK secret", "USER a 0 * :a"}, " 422 "},
		"another's name":    {[]string{"PASS anna", "NICK bob", "USER a 0 * :a"}, " 422 "},
	} {
		t.Run(name, func(t *testing.T) {
			var tries atomic.Int64
			b := newBus(t, func(c *Config) {
				c.Login = func(ctx context.Context, name, secret string, from netip.Addr) (Account, error) {
					tries.Add(1)
					return login(ctx, name, secret, from)
				}
			})
			b.SetAccounts([]string{"anna", "moin"})
			watcher := b.user("holder")
			watcher.send("MONITOR + secret")
			watcher.fence()
			u := b.dial()
			u.send(c.send...)
			if c.want == " 422 " {
				u.until(c.want)
				return
			}
			var lines []string
			for len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "ERROR ") {
				lines = append(lines, u.line())
			}
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, c.want) || tries.Load() == 0 {
				t.Errorf("after %d tries %q", tries.Load(), last)
			}
			if strings.Contains(strings.Join(lines, "\n"), "secret") {
				t.Errorf("the password is in %q", lines)
			}
			if seen := watcher.fence(); len(seen) > 0 {
				t.Errorf("others see %q", seen)
			}
		})
	}
	t.Run("server's password with a slash", func(t *testing.T) {
		b := newBus(t, func(c *Config) {
			c.Password = func(given string, _ netip.Addr) error {
				if given != "any/thing" {
					return errors.New("wrong")
				}
				return nil
			}
		})
		b.SetAccounts([]string{"anna"})
		for _, pass := range []string{"any/thing", "anna/secret", "anna:secret"} {
			u := b.dial()
			u.send("PASS "+pass, "NICK n", "USER a 0 * :a")
			u.until(" 422 ")
			u.send("QUIT")
			for !strings.HasPrefix(u.line(), "ERROR ") {
			}
		}
	})
}

// TestCaseD10: what old clients trip over when they connect.
func TestCaseD10(t *testing.T) {
	t.Run("002", func(t *testing.T) {
		b := newBus(t)
		u := b.dial()
		u.send("NICK a", "USER a 0 * :a")
		u.until(" 002 a :Your host is irc.test, running version ircbus-test")
	})
	t.Run("Latin-1", testLatin1)
	t.Run("FAIL", testUnaskedFail)
	for name, c := range map[string]struct {
		nick    string // that is refused; "" for none
		answers int    // PINGs that are answered
		lasts   time.Duration
	}{
		"no nick":                {"", 100, 30 * time.Second},
		"nick in use, silent":    {"holder", 0, time.Minute},
		"nick in use, one PONG":  {"holder", 1, 90 * time.Second},
		"nick in use, at prompt": {"holder", 100, 3 * time.Minute},
		"no nick at all":         {"1x", 100, 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newPipeBus(t, func(c *Config) { c.Limits = Limits{} })
				b.user("holder")
				u, began := b.dial(), time.Now()
				u.send("USER a 0 * :a")
				if c.nick != "" {
					u.send("NICK " + c.nick)
				}
				for answered := 0; ; {
					u.nc.SetReadDeadline(time.Now().Add(time.Hour))
					line, err := u.r.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if strings.HasPrefix(line, "PING ") && answered < c.answers {
						answered++
						u.send("PONG x")
					}
					if strings.HasPrefix(line, "ERROR ") {
						break
					}
				}
				if lasted := time.Since(began); lasted != c.lasts {
					t.Errorf("the connection lasted %v, not %v", lasted, c.lasts)
				}
			})
		})
	}
	t.Run("nick chosen at the prompt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newPipeBus(t, func(c *Config) { c.Limits = Limits{} })
			b.user("holder")
			u := b.dial()
			u.send("USER a 0 * :a", "NICK holder")
			for range 4 {
				for line := ""; !strings.HasPrefix(line, "PING "); {
					var err error
					u.nc.SetReadDeadline(time.Now().Add(time.Hour))
					if line, err = u.r.ReadString('\n'); err != nil || strings.HasPrefix(line, "ERROR ") {
						t.Fatal(line, err)
					}
				}
				u.send("PONG x")
			}
			u.send("NICK another")
			u.until(" 422 ")
		})
	})
}

func testLatin1(t *testing.T) {
	b := newBus(t)
	old := b.dial()
	old.send("NICK old", "USER caf\xe9 0 * :Ren\xe9 Fran\xe7ois")
	if got := strings.Join(old.until(" 422 "), "\n"); strings.Contains(got, "FAIL") {
		t.Errorf("greeted with %q", got)
	}
	bob := b.user("bob", "away-notify")
	old.send("JOIN #talk")
	old.fence()
	bob.send("JOIN #talk")
	bob.fence()
	old.fence()
	for _, c := range []struct{ send, want string }{
		{"TOPIC #talk :caf\xe9", "TOPIC #talk :café"}, {"AWAY :caf\xe9", "AWAY café"}, {"WHOIS old", ""},
		{"PART #talk :adi\xf3s", "PART #talk adiós"}, {"JOIN #talk", "JOIN #talk"}, {"QUIT :caf\xe9", "QUIT :Quit: café"},
	} {
		old.send(c.send)
		if !strings.HasPrefix(c.send, "QUIT") {
			got := strings.Join(old.fence(), "\n")
			if strings.Contains(got, "FAIL") || c.send == "WHOIS old" && !strings.Contains(got, ":René François") {
				t.Errorf("%q is answered %q", c.send, got)
			}
		}
		if c.want != "" {
			bob.until(c.want)
		}
	}
	// A text to others is refused, as UTF8ONLY says, and a numeric says so, too.
	late := b.user("late")
	late.send("PRIVMSG bob :caf\xe9")
	if got := late.fence(); len(got) != 2 || !strings.Contains(got[0], "FAIL PRIVMSG INVALID_UTF8") || !strings.Contains(got[1], " 404 late PRIVMSG :") {
		t.Errorf("the text is answered %q", got)
	}
	b.user("anybody") // go on
}

// testUnaskedFail: clients that have not asked for standard-replies, nor for the
// extension, get numerics.
func testUnaskedFail(t *testing.T) {
	for _, caps := range [][]string{nil, {"standard-replies"}} {
		b := newBus(t)
		u := b.user("alice", caps...)
		for _, line := range []string{
			"CHATHISTORY LATEST #nowhere * 10", "CHATHISTORY", "REDACT #nowhere 1",
			"SETNAME :  ", "MARKREAD #nowhere time=x", "BATCH +1 draft/multiline #talk", "PRIVMSG #moin :page=A",
		} {
			u.send(line)
			got := strings.Join(u.fence(), "\n")
			if isFail := strings.Contains(got, " FAIL "); isFail != (caps != nil) || !isFail && !strings.Contains(got, " 40") {
				t.Errorf("with %q, %s is answered %q", caps, line, got)
			}
		}
	}
}
