package bus

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/ircd/account"
)

// linesBus is a bus with every door open that reads lines.
func linesBus(t *testing.T) *Bus {
	t.Helper()
	dir, err := os.MkdirTemp("", "lines") // t.TempDir is too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	c := quiet(t)
	c.IRCTLS, c.Cert, c.Key = "127.0.0.1:0", filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	c.Irker = Irker{Listen: "127.0.0.1:0", Publisher: "irker"}
	c.Prism = Prism{Netcat: "127.0.0.1:0", Publisher: "prism"}
	c.Syslog = Syslog{TCP: "127.0.0.1:0", Publisher: "syslog"}
	c.PSYC = PSYC{Listen: "127.0.0.1:0", Publisher: "psyc"}
	c.SMTP.Listen = "127.0.0.1:0"
	c.Mail = Mail{Socket: filepath.Join(dir, "s"), Listen: "127.0.0.1:0", Publishers: map[string]string{"list": "changes"}}
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "anna", Role: account.User}, "secret of anna"); err != nil {
		t.Fatal(err)
	}
	return b
}

// pageBodies are what a page would let a browser say to a listener.
var pageBodies = map[string]string{
	"irker":  `{"to":"irc://irc.example/irker","privmsg":"from a page"}` + "\n",
	"prism":  `{"message":"from a page"}` + "\n",
	"syslog": "<13>from a page\n",
	"psyc":   ".\n:_source\tpsyc://x/~y\n:_target\tpsyc://z/@psyc\n\n_notice_x\nfrom a page\n.\n",
	"mail":   "LHLO x\r\nMAIL FROM:<x@y>\r\nRCPT TO:<list>\r\nDATA\r\nSubject: from a page\r\n\r\nx\r\n.\r\n",
	"smtp":   "HELO x\r\nMAIL FROM:<x@y>\r\nRCPT TO:<list>\r\nDATA\r\nSubject: from a page\r\n\r\nx\r\n.\r\n",
	"irc":    "NICK page\r\nUSER p 0 * :p\r\nPRIVMSG anna :from a page\r\n",
}

// TestCaseA2: what a browser sends for a page of any site ends the connection,
// before a line of it is taken for one of another protocol, and counts as refused.
func TestCaseA2(t *testing.T) {
	b := linesBus(t)
	anna := connectAs(t, b.IRCAddr(), "anna", "anna:secret of anna")
	for _, listener := range []struct {
		name, network, address string
		secure                 bool
	}{
		{"irker", "tcp", doorAddr(t, b, "irker", "tcp"), false},
		{"prism", "tcp", doorAddr(t, b, "prism", "tcp"), false},
		{"syslog", "tcp", doorAddr(t, b, "syslog", "tcp"), false},
		{"psyc", "tcp", doorAddr(t, b, "psyc", "tcp"), false},
		{"mail", "tcp", doorAddr(t, b, "mail", "tcp"), false},
		{"smtp", "tcp", doorAddr(t, b, "smtp", "tcp"), false},
		{"mail", "unix", doorAddr(t, b, "mail", "unix"), false},
		{"irc", "tcp", b.IRCAddr(), false},
		{"irc", "tcp", b.IRCTLSAddr(), true},
	} {
		for _, request := range []string{
			"POST / HTTP/1.1", "GET /?x HTTP/1.0", "PUT /a/b HTTP/1.1", "OPTIONS * HTTP/1.1", "PROPFIND http://127.0.0.1/ HTTP/1.1",
			"POST /" + strings.Repeat("a", 70_000) + " HTTP/1.1", "PRI * HTTP/2.0", "post / HTTP/1.1",
			"\x16\x03\x01\x02\x00\x01", "\x00\x01\x00\x04\x21\x12\xa4\x42",
		} {
			for _, piecemeal := range []bool{false, true} {
				what := fmt.Sprintf("%s over %s (secure %v), %.30q in pieces: %v", listener.name, listener.network, listener.secure, request, piecemeal)
				before := refusedBy(t, b, listener.name)
				text := request + "\r\nHost: 127.0.0.1\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 999\r\n\r\n" + pageBodies[listener.name]
				answer := speak(t, listener.network, listener.address, listener.secure, piecemeal, text)
				if strings.Contains(answer, " 001 ") || strings.Contains(answer, "250 ") {
					t.Errorf("%s: it goes on: %q", what, answer)
				}
				if n := refusedBy(t, b, listener.name) - before; n != 1 {
					t.Errorf("%s: counted %d times", what, n)
				}
			}
		}
	}
	if got := stored(t, b); len(got) > 0 {
		t.Errorf("stored is %q", got)
	}
	anna.say("PING done")
	if line := anna.until("from a page", " PONG "); !strings.Contains(line, "done") {
		t.Errorf("anna gets %q", line)
	}
}

// refusedBy is how much a door, or the IRC server, has refused.
func refusedBy(t *testing.T, b *Bus, name string) uint64 {
	t.Helper()
	if name == "irc" {
		return b.irc.Stats().Refused
	}
	for _, d := range b.Doors() {
		if d.Door == name {
			return d.Refused["malformed"]
		}
	}
	t.Fatalf("there is no door %s", name)
	return 0
}

// speak says a text, whole or with a pause in its first line, and returns what is
// said until the connection ends.
func speak(t *testing.T, network, address string, secure, piecemeal bool, text string) string {
	t.Helper()
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	if piecemeal {
		for n := range min(len(text), 24) {
			if _, err := io.WriteString(conn, text[n:n+1]); err != nil {
				break // it has ended
			}
		}
		text = text[min(len(text), 24):]
	}
	io.WriteString(conn, text) // which may not be read to its end
	answer, err := io.ReadAll(conn)
	if err != nil && !isReset(err) {
		t.Errorf("the connection does not end: %v", err)
	}
	return string(answer)
}

// TestCaseA2Others: what begins in a similar way is still taken.
func TestCaseA2Others(t *testing.T) {
	b := linesBus(t)
	netcat(t, doorAddr(t, b, "prism", "tcp"), "GET well soon\nPOST / HTTP/1.1 was refused\nPOST / HTTP/1.1")
	netcat(t, doorAddr(t, b, "prism", "tcp"), "ALERT no line end")
	netcat(t, doorAddr(t, b, "prism", "tcp"), "ALERT "+strings.Repeat("a", 300))
	want := []string{"GET+well+soon", "POST+/+HTTP/1.1+was+refused", "POST+/+HTTP/1.1", "ALERT+no+line+end", "ALERT+" + strings.Repeat("a", 300)}
	got := stored(t, b)
	for i, text := range want {
		if i >= len(got) || got[i] != "#prism text="+text {
			t.Errorf("%d: stored are %q", i, got)
			break
		}
	}
}

// TestCaseA2Packets: what a browser sends by UDP, for WebRTC, is no message either.
func TestCaseA2Packets(t *testing.T) {
	c := quiet(t)
	c.Syslog = Syslog{UDP: "127.0.0.1:0", Publisher: "syslog"}
	b := startBus(t, c)
	conn, err := net.Dial("udp", doorAddr(t, b, "syslog", "udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, packet := range []string{"\x00\x01\x00\x10\x21\x12\xa4\x42from a page", "\x16\xfe\xfdfrom a page", "<13>from a program"} {
		if _, err := io.WriteString(conn, packet); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "the message", func() bool { return len(stored(t, b)) > 0 })
	if got := stored(t, b); len(got) != 1 || !strings.Contains(got[0], "from+a+program") || refusedBy(t, b, "syslog") != 2 {
		t.Errorf("stored is %q, %d packets are refused", got, refusedBy(t, b, "syslog"))
	}
}
