package bus

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// TestCaseC10: each line listener takes the ends of lines that its senders use, while
// the connection stays open.
func TestCaseC10(t *testing.T) {
	for _, end := range []string{"\x00", "\n", "\r\n", "\r"} {
		c := quiet(t)
		c.Irker = Irker{Listen: "127.0.0.1:0", Publisher: "lines"}
		c.Prism.Netcat, c.Prism.Publisher = "127.0.0.1:0", "lines"
		c.Syslog = Syslog{TCP: "127.0.0.1:0", Publisher: "lines"}
		addAccount(t, c.Data, account.Account{Name: "lines", Role: account.Publisher})
		b := startBus(t, c)
		for door, line := range map[string]string{"irker": `{"to":"#lines","privmsg":"hello"}`, "prism": "hello", "syslog": "<13>app: hello"} {
			if door == "syslog" && end == "\r" {
				continue // there it is part of the message
			}
			conn, err := net.Dial("tcp", doorAddr(t, b, door, "tcp"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, line+end+line+end+line+end); err != nil {
				t.Fatal(err)
			}
			waitFor(t, door+" with lines that end in "+end, func() bool {
				for _, report := range b.Doors() {
					if report.Door == door {
						return report.Stored == 3
					}
				}
				return false
			})
		}
	}
}

// TestCaseC14Lines: a line that is not UTF-8 is windows-1252, and one may begin with a
// byte order mark.
func TestCaseC14Lines(t *testing.T) {
	c := quiet(t)
	c.Irker = Irker{Listen: "127.0.0.1:0", Publisher: "lines"}
	c.Prism.Netcat, c.Prism.Publisher = "127.0.0.1:0", "lines"
	c.Syslog = Syslog{TCP: "127.0.0.1:0", Publisher: "lines"}
	addAccount(t, c.Data, account.Account{Name: "lines", Role: account.Publisher})
	b := startBus(t, c)
	const said = "caf\xe9 \x93q\x94"
	sent := uint64(0)
	for door, line := range map[string]string{"irker": "\ufeff" + `{"to":"#lines","privmsg":"` + said + `"}`, "prism": `{"message":"` + said + `"}`, "syslog": "<13>app: " + said} {
		conn, err := net.Dial("tcp", doorAddr(t, b, door, "tcp"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, line+"\n"); err != nil {
			t.Fatal(err)
		}
		sent++
		waitFor(t, door, func() bool {
			bounds, err := b.store.Bounds(t.Context())
			return err == nil && uint64(bounds.Head) == sent
		})
	}
	for channel, all := range texts(t, b) {
		for _, text := range all {
			if !strings.Contains(text, "café “q”") {
				t.Errorf("%s has %q", channel, text)
			}
		}
	}
}
