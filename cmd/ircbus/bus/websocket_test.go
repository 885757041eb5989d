package bus

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ircbus/ircbus"
)

// webUser is a web client for IRC.
type webUser struct {
	t  *testing.T
	ws *websocket.Conn
}

func dialWeb(t *testing.T, url string, options *websocket.DialOptions) (*webUser, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, url, options)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { ws.CloseNow() })
	return &webUser{t, ws}, nil
}

// webURL is a path of the bus's HTTP API as a WebSocket's address.
func webURL(b *Bus, path string) string { return "ws://" + b.HTTPAddr() + path }

func (u *webUser) say(lines ...string) {
	u.t.Helper()
	for _, line := range lines {
		if err := u.ws.Write(u.t.Context(), websocket.MessageText, []byte(line)); err != nil {
			u.t.Fatal(err)
		}
	}
}

// read returns the next message, which must be one line.
func (u *webUser) read() (websocket.MessageType, string, error) {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	kind, message, err := u.ws.Read(ctx)
	if strings.ContainsAny(string(message), "\r\n") || err == nil && len(message) == 0 {
		u.t.Fatalf("%q is not a line", message)
	}
	return kind, string(message), err
}

func (u *webUser) until(words ...string) (websocket.MessageType, string) {
	u.t.Helper()
	for {
		kind, line, err := u.read()
		if err != nil {
			u.t.Fatalf("waiting for %q: %v", words, err)
		}
		for _, word := range words {
			if strings.Contains(line, word) {
				return kind, line
			}
		}
	}
}

func (u *webUser) register(nick string) {
	u.t.Helper()
	u.say("NICK "+nick, "USER u 0 * :"+nick)
	u.until(" 376 ", " 422 ")
}

// closed reads up to the end of the connection.
func (u *webUser) closed() (last string, code websocket.StatusCode) {
	u.t.Helper()
	for {
		_, line, err := u.read()
		if err != nil {
			return last, websocket.CloseStatus(err)
		}
		last = line
	}
}

// TestWebSocket: IRC over WebSocket in both subprotocols and without, at /irc
// and, for clients that know a host alone, at /.
func TestWebSocket(t *testing.T) {
	b := startBus(t, quiet(t))
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "moin"}); err != nil {
		t.Fatal(err)
	}
	plain := connect(t, b.IRCAddr(), "plain")
	for i, test := range []struct {
		path   string
		asked  []string
		agreed string
		kind   websocket.MessageType
	}{
		{"/irc", []string{"text.ircv3.net"}, "text.ircv3.net", websocket.MessageText},
		{"/irc", []string{"binary.ircv3.net"}, "binary.ircv3.net", websocket.MessageBinary},
		{"/irc", []string{"text.ircv3.net", "binary.ircv3.net"}, "text.ircv3.net", websocket.MessageText},
		{"/irc", []string{"x", "binary.ircv3.net", "text.ircv3.net"}, "binary.ircv3.net", websocket.MessageBinary},
		{"/irc", []string{"chat"}, "", websocket.MessageText},
		{"/", nil, "", websocket.MessageText},
	} {
		u, err := dialWeb(t, webURL(b, test.path), &websocket.DialOptions{Subprotocols: test.asked})
		if err != nil {
			t.Fatal(err)
		}
		if got := u.ws.Subprotocol(); got != test.agreed {
			t.Errorf("asked for %q, agreed on %q", test.asked, got)
		}
		nick := fmt.Sprintf("web%d", i)
		u.register(nick)
		plain.say("PRIVMSG " + nick + " :שלום")
		if kind, line := u.until("PRIVMSG"); kind != test.kind || !strings.HasSuffix(line, " PRIVMSG "+nick+" :שלום") {
			t.Errorf("%v %q", kind, line)
		}
		u.say("JOIN #moin", "WHOIS "+nick)
		if _, line := u.until(" 671 ", " 318 "); strings.Contains(line, " 671 ") {
			t.Error("an unprotected connection counts as secure")
		}
		const many = 300 // in one batch: many lines in one write
		batch := make([]ircbus.Event, many)
		for i := range batch {
			batch[i] = event(t, "moin", fmt.Sprintf("page=P%d", i))
		}
		if _, err := b.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		for i := range many {
			if _, line := u.until("PRIVMSG"); !strings.Contains(line, fmt.Sprintf("page=P%d&", i)) {
				t.Fatalf("instead of P%d: %s", i, line)
			}
		}
		u.say("QUIT :bye\r\n") // with an end of line, as some do
		if last, code := u.closed(); last != "ERROR :Quit: bye" || code != websocket.StatusNormalClosure {
			t.Errorf("the end was %q, %v", last, code)
		}
	}
	waitFor(t, "the web clients to be forgotten", func() bool { return b.irc.Stats().Connections == 1 })
}

// TestWebSocketOrigins: pages of other sites need permission.
func TestWebSocketOrigins(t *testing.T) {
	c := quiet(t)
	c.URL = "https://bus.example.org"
	c.WebSocket.Origins = []string{"https://chat.example.org", "*.friends.example"}
	b := startBus(t, c)
	for origin, allowed := range map[string]bool{
		"":                             true,
		"http://" + b.HTTPAddr():       true,
		"https://bus.example.org":      true,
		"https://chat.example.org":     true,
		"http://chat.example.org":      false,
		"https://a.friends.example":    true,
		"https://friends.example":      false,
		"https://evil.example":         false,
		"https://bus.example.org.evil": false,
		"null":                         false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		_, err := dialWeb(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: header})
		if (err == nil) != allowed || err != nil && !strings.Contains(err.Error(), "403") {
			t.Errorf("a page of %q: %v", origin, err)
		}
	}
}

// TestWebSocketAccess: a closed bus lets the connection through to IRC, which
// asks for the login, and nothing else; what is no WebSocket is told so.
func TestWebSocketAccess(t *testing.T) {
	c := quiet(t)
	c.Access = AccessLogin
	b := startBus(t, c)
	u, err := dialWeb(t, webURL(b, "/irc"), nil)
	if err != nil {
		t.Fatal(err)
	}
	u.say("NICK a", "USER a 0 * :a")
	if last, _ := u.closed(); !strings.Contains(last, "ERROR :This bus wants you to log in") {
		t.Errorf("the end was %q", last)
	}
	for _, path := range []string{"/irc", "/"} {
		if status, _ := get(t, b.URL()+path); status != http.StatusUnauthorized {
			t.Errorf("%s answers %d", path, status)
		}
	}
	open := startBus(t, quiet(t))
	if status, body := get(t, open.URL()+"/irc"); status != http.StatusUpgradeRequired || !strings.Contains(body, "web client") {
		t.Errorf("%d %s", status, body)
	}
}

// TestWebSocketSecure: over https the connection counts as protected.
func TestWebSocketSecure(t *testing.T) {
	c := quiet(t)
	c.HTTPTLS = "127.0.0.1:0"
	c.Cert, c.Key = filepath.Join(c.Data, "cert"), filepath.Join(c.Data, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	b := startBus(t, c)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	u, err := dialWeb(t, "wss://"+b.HTTPTLSAddr()+"/irc", &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	u.register("alice")
	u.say("WHOIS alice")
	if _, line := u.until(" 671 ", " 318 "); !strings.Contains(line, " 671 ") {
		t.Errorf("no 671 before %q", line)
	}
}

// TestWebSocketStop: the end of the bus is announced, and the connection closed
// as WebSockets are.
func TestWebSocketStop(t *testing.T) {
	b := startBus(t, quiet(t))
	u, err := dialWeb(t, webURL(b, "/irc"), nil)
	if err != nil {
		t.Fatal(err)
	}
	u.register("alice")
	stopBus(t, b)
	if last, code := u.closed(); last != "ERROR :The bus is stopping" || code != websocket.StatusNormalClosure {
		t.Errorf("the end was %q, %v", last, code)
	}
}

// TestWebSocketHostile: bad messages get IRC's answers, and bad frames end the
// connection, nothing else.
func TestWebSocketHostile(t *testing.T) {
	b := startBus(t, quiet(t))
	u, err := dialWeb(t, webURL(b, "/irc"), nil)
	if err != nil {
		t.Fatal(err)
	}
	u.register("alice")
	for message, want := range map[string]string{
		"":                 "",
		"\r\n":             "",
		"PRIVMSG #a :\xff": "FAIL|400",
		"PRIVMSG #a :" + strings.Repeat("x", 600):  "417",
		"PRIVMSG #a :" + strings.Repeat("x", 9000): "417",
		"PING a\r\nPING b":                         "PONG",
		"PING \x00":                                "400",
	} {
		u.say(message, "PING fence")
		var got []string
		for {
			_, line := u.until("")
			if strings.HasSuffix(line, " fence") {
				break
			}
			got = append(got, line)
		}
		answered := false
		for word := range strings.SplitSeq(want, "|") {
			answered = answered || strings.Contains(strings.Join(got, "\n"), word)
		}
		if !answered || want == "" && len(got) > 0 {
			t.Errorf("%.40q is answered with %q", message, got)
		}
	}
	c := quiet(t)
	c.Limits.Registration = Age(5 * time.Second) // ends a message that goes on for ever
	b = startBus(t, c)
	masked := "\x00\x00\x00\x00"
	for name, frames := range map[string]string{
		"not masked":            "\x81\x04PING",
		"reserved opcode":       "\x83\x80" + masked,
		"reserved bit":          "\xc1\x80" + masked,
		"continues nothing":     "\x80\x80" + masked,
		"fragmented ping":       "\x09\x80" + masked,
		"long ping":             "\x89\xfe\x00\x7e" + masked + strings.Repeat("x", 126),
		"begins twice":          "\x01\x80" + masked + "\x01\x80" + masked,
		"8 EiB":                 "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff" + masked,
		"negative length":       "\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff" + masked,
		"17 kB":                 "\x81\xfe\x44\x00" + masked + strings.Repeat("x", 17<<10),
		"17 kB in fragments":    "\x01\xfe\x30\x00" + masked + strings.Repeat("x", 12<<10) + "\x80\xfe\x30\x00" + masked + strings.Repeat("x", 12<<10),
		"closing with one byte": "\x88\x81" + masked + "x",
		"half a frame":          "\x81\xfe\x00",
	} {
		conn := upgrade(t, b)
		if _, err := io.WriteString(conn, frames); err != nil {
			t.Fatal(err)
		}
		if name == "half a frame" {
			conn.(patient).Conn.(*net.TCPConn).CloseWrite()
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && !isReset(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	waitFor(t, "the hostile to be forgotten", func() bool { return b.irc.Stats().Connections == 0 })
	u.say("PING still")
	u.until("PONG")
}

// upgrade makes a WebSocket of which the test sends the bytes.
func upgrade(t *testing.T, b *Bus) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", b.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn = patient{conn}
	if _, err := io.WriteString(conn, "GET /irc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

// isReset: the server may close while the rest of a long message comes.
func isReset(err error) bool {
	var timeout net.Error
	return !errors.As(err, &timeout) || !timeout.Timeout()
}
