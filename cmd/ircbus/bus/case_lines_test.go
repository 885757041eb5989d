package bus

import (
	"io"
	"net"
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
