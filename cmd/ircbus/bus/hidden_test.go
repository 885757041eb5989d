package bus

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/pires/go-proxyproto"

	"github.com/ircbus/ircbus"
)

// hidingHeaders are some of those that show a proxy in front.
var hidingHeaders = []string{"Forwarded: for=127.0.0.1", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-For: 127.0.0.1", "X-Real-IP: 203.0.113.9", "Via: 1.1 cache", "CF-Connecting-IP: 127.0.0.1"}

func headerOf(line string) http.Header {
	name, value, _ := strings.Cut(line, ": ")
	return http.Header{http.CanonicalHeaderKey(name): {value}}
}

// TestCaseA9Door: who comes through a proxy that is not listed, and so may be
// anybody, is not let in for its address, whatever networks are; with a secret it
// is. The log says what to do.
func TestCaseA9Door(t *testing.T) {
	var log logged
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	c.Prism = Prism{HTTP: true, Publisher: "prism", Allow: []string{"127.0.0.0/8", "0.0.0.0/0", "::/0"}}
	b := startBus(t, c)
	for _, method := range []string{"GET", "POST"} {
		for i, line := range append([]string{""}, hidingHeaders...) {
			request, err := http.NewRequestWithContext(t.Context(), method, b.URL()+"/notification/send?message=x", strings.NewReader("message=x"))
			if err != nil {
				t.Fatal(err)
			}
			want := http.StatusAccepted
			if i > 0 {
				request.Header, want = headerOf(line), http.StatusForbidden
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("%s with %q: %d", method, line, response.StatusCode)
			}
		}
	}
	if got := log.String(); strings.Count(got, "add its address to proxies") != 1 {
		t.Errorf("the log: %s", got)
	}
}

// TestCaseA9IRC: over WebSocket such a connection has limits, gets no files, is met
// by bans and counts for registrations.
func TestCaseA9IRC(t *testing.T) {
	for _, line := range hidingHeaders {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			c := quiet(t)
			c.Limits.PerAddress = 2
			c.DCC.Ports = "50000-50100"
			b := startBus(t, c)
			if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "moin"}); err != nil {
				t.Fatal(err)
			}
			if _, err := b.Append(t.Context(), []ircbus.Event{event(t, "moin", "page=A")}); err != nil {
				t.Fatal(err)
			}
			dial := func() *webUser {
				u, err := dialWeb(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: headerOf(line)})
				if err != nil {
					t.Fatal(err)
				}
				return u
			}
			alice := dial()
			alice.register("alice")
			alice.say("PRIVMSG moin :LAST 1 DCC")
			if _, answer := alice.until("DCC"); !strings.Contains(answer, "There are no files by DCC here") {
				t.Errorf("a file: %q", answer)
			}
			dial().register("bob")
			if last, _ := dial().closed(); !strings.Contains(last, "Too many connections from your address (limit 2)") {
				t.Errorf("the third: %q", last)
			}
			ada := operator(t, b)
			ada.say("KLINE *@unknown :through a proxy")
			if last, _ := alice.closed(); !strings.Contains(last, "K-lined") {
				t.Errorf("a ban: %q", last)
			}
		})
	}
}

// TestCaseA9Registrations: they count together, though the proxy is on loopback.
func TestCaseA9Registrations(t *testing.T) {
	c := quiet(t)
	c.Registration = Registration{Open: true, PerNetwork: 1, PerHour: 100}
	b := startBus(t, c)
	var answers []string
	for i := range 2 {
		u, err := dialWeb(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: headerOf("Via: 1.1 cache")})
		if err != nil {
			t.Fatal(err)
		}
		u.register(fmt.Sprintf("user%d", i))
		u.say(fmt.Sprintf("REGISTER * * :a long password %d", i), "PING done")
		_, answer := u.until(" REGISTER ", "PONG")
		answers = append(answers, answer)
	}
	if !strings.Contains(answers[0], "SUCCESS") || strings.Contains(answers[1], "SUCCESS") {
		t.Errorf("%q", answers)
	}
	if _, err := b.Accounts().Get("user1"); err == nil {
		t.Error("the second has been made")
	}
}

// TestCaseA9Proxies: a proxy that is listed, but does not say for whom it connects,
// or names loopback without being there, is not taken for its clients.
func TestCaseA9Proxies(t *testing.T) {
	told := func(text string) *proxyproto.Header {
		h, err := proxyproto.Read(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, test := range []struct{ header, proxy, want string }{
		{"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n", "10.0.0.9:1", "192.0.2.7:1"},
		{"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n", "127.0.0.1:1", "192.0.2.7:1"},
		{"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n", "127.0.0.1:9", "127.0.0.1:1"},
		{"PROXY TCP4 127.0.0.1 10.0.0.1 1 2\r\n", "10.0.0.9:1", "unknown behind 10.0.0.9:1"},
		{"PROXY TCP6 ::1 ::1 1 2\r\n", "10.0.0.9:1", "unknown behind 10.0.0.9:1"},
		{"PROXY UNKNOWN\r\n", "127.0.0.1:1", "unknown behind 127.0.0.1:1"},
		{string(proxyproto.SIGV2) + "\x20\x00\x00\x00", "127.0.0.1:1", "127.0.0.1:1"}, // LOCAL, for itself
	} {
		if got := toldOrigin(told(test.header), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.proxy))).String(); got != test.want {
			t.Errorf("%q from %s: %q, want %q", test.header, test.proxy, got, test.want)
		}
	}
}
