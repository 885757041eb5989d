package bus

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/pires/go-proxyproto"
)

// header is a PROXY header of that version for a client at that address.
func header(t *testing.T, version byte, client string) string {
	t.Helper()
	from := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(client))
	to := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(strings.Replace(client, "7", "1", 1)))
	text, err := proxyproto.HeaderProxyFromAddrs(version, from, to).Format()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// proxied dials like a proxy that says what it is told to say.
func proxied(t *testing.T, address, header string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, header); err != nil {
		t.Fatal(err)
	}
	return conn
}

func behindProxy(t *testing.T, proxies ...string) *Bus {
	t.Helper()
	c := quiet(t)
	c.IRCTLS, c.HTTPTLS, c.Proxies = "127.0.0.1:0", "127.0.0.1:0", proxies
	c.Cert, c.Key = filepath.Join(c.Data, "cert"), filepath.Join(c.Data, "key")
	writeCertificate(t, c.Cert, c.Key, 1)
	return startBus(t, c)
}

// TestProxyProtocol: behind a listed proxy, every listener knows who is on the
// other side.
func TestProxyProtocol(t *testing.T) {
	b := behindProxy(t, "127.0.0.0/8")
	insecure := &tls.Config{InsecureSkipVerify: true}
	for name, test := range map[string]struct{ header, host string }{
		"version 1, IPv4": {header(t, 1, "192.0.2.7:1234"), "192.0.2.7"},
		"version 1, IPv6": {header(t, 1, "[2001:db8::7]:1234"), "2001:db8::7"},
		"version 2, IPv4": {header(t, 2, "192.0.2.7:1234"), "192.0.2.7"},
		"version 2, IPv6": {header(t, 2, "[2001:db8::7]:1234"), "2001:db8::7"},
		"unknown":         {"PROXY UNKNOWN\r\n", "127.0.0.1"},
		"none":            {"", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, conn := range []net.Conn{
				proxied(t, b.IRCAddr(), test.header),
				tls.Client(proxied(t, b.IRCTLSAddr(), test.header), insecure),
			} {
				p := meet(t, conn, "alice")
				p.say("WHOIS alice")
				if line := p.until(" 378 "); !strings.Contains(line, test.host) {
					t.Errorf("%q", line)
				}
				p.say("QUIT")
				p.until("ERROR")
			}
			dial := func(context.Context, string, string) (net.Conn, error) {
				return proxied(t, b.HTTPAddr(), test.header), nil
			}
			client := &http.Client{Transport: &http.Transport{DialContext: dial}}
			if got := webHost(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPClient: client}); !strings.Contains(got, test.host) {
				t.Errorf("over WebSocket: %q", got)
			}
			dialTLS := func(context.Context, string, string) (net.Conn, error) {
				return tls.Client(proxied(t, b.HTTPTLSAddr(), test.header), insecure), nil
			}
			client = &http.Client{Transport: &http.Transport{DialTLSContext: dialTLS}}
			if got := webHost(t, "wss://"+b.HTTPTLSAddr()+"/irc", &websocket.DialOptions{HTTPClient: client}); !strings.Contains(got, test.host) {
				t.Errorf("over WebSocket and TLS: %q", got)
			}
		})
	}
}

// webHost connects by WebSocket and returns what WHOIS says about one's own host
// and protection.
func webHost(t *testing.T, url string, options *websocket.DialOptions) string {
	t.Helper()
	u, err := dialWeb(t, url, options)
	if err != nil {
		t.Fatal(err)
	}
	u.register("alice")
	u.say("WHOIS alice")
	_, host := u.until(" 378 ")
	if at := strings.Index(host, " behind "); at >= 0 {
		host = host[:strings.LastIndexByte(host, ':')] // the port is any
	}
	if _, line := u.until(" 671 ", " 318 "); strings.Contains(line, " 671 ") {
		host += " secure"
	}
	u.say("QUIT")
	u.closed()
	return host
}

// TestForwarded: a listed proxy says by HTTP headers who is on the other side.
func TestForwarded(t *testing.T) {
	b := behindProxy(t, "127.0.0.0/8", "10.0.0.0/8")
	for _, test := range []struct{ headers, want string }{
		{"X-Forwarded-For: 192.0.2.7", "from 192.0.2.7"},
		{"X-Forwarded-For: 203.0.113.9, 192.0.2.7", "from 192.0.2.7"},
		{"X-Forwarded-For: 192.0.2.7, 10.1.2.3", "from 192.0.2.7"},
		{"X-Forwarded-For: 192.0.2.7\nX-Forwarded-For: 10.1.2.3", "from 192.0.2.7"},
		{"X-Forwarded-For: 192.0.2.7:4711\nX-Forwarded-Proto: https", "from 192.0.2.7 secure"},
		{"X-Forwarded-For: 2001:db8::7\nX-Forwarded-Proto: http", "from 2001:db8::7"},
		{"X-Forwarded-For: 192.0.2.7\nForwarded: for=203.0.113.9", "from 192.0.2.7"},
		{"X-Forwarded-For: unknown", "from unknown behind 127.0.0.1"},
		{"X-Forwarded-For: 192.0.2.7, nonsense", "from unknown behind 127.0.0.1"},
		{`Forwarded: for="[2001:db8::7]:4711";proto=https;by=10.0.0.1`, "from 2001:db8::7 secure"},
		{"Forwarded: for=203.0.113.9, For=192.0.2.7;Proto=http", "from 192.0.2.7"},
		{"Forwarded: proto=https", "from unknown behind 127.0.0.1 secure"},
		{"Forwarded: for=_hidden", "from unknown behind 127.0.0.1"},
	} {
		headers := http.Header{}
		for line := range strings.SplitSeq(test.headers, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			headers.Add(name, value)
		}
		if got := webHost(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: headers}); !strings.HasSuffix(got, test.want) {
			t.Errorf("%q: %q", test.headers, got)
		}
	}
}

// TestNoProxy: what somebody who is not listed says about himself is no address.
func TestNoProxy(t *testing.T) {
	b := behindProxy(t, "192.0.2.0/24")
	p := meet(t, proxied(t, b.IRCAddr(), "PROXY TCP4 192.0.2.7 192.0.2.1 1234 6667\r\n"), "alice")
	p.say("WHOIS alice")
	if line := p.until(" 378 "); !strings.Contains(line, "127.0.0.1") {
		t.Errorf("%q", line)
	}
	p.say("QUIT")
	p.until("ERROR")
	headers := http.Header{"X-Forwarded-For": {"192.0.2.7"}, "X-Forwarded-Proto": {"https"}}
	if got := webHost(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: headers}); !strings.HasSuffix(got, "from unknown behind 127.0.0.1") {
		t.Errorf("%q", got)
	}
	conn := proxied(t, b.HTTPAddr(), header(t, 2, "192.0.2.7:1234")+"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if answer, err := io.ReadAll(conn); err == nil && !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
		t.Errorf("%q", answer)
	}
}

// TestBadProxyHeaders: they end their connection. A proxy that says nothing keeps
// nobody waiting.
func TestBadProxyHeaders(t *testing.T) {
	b := behindProxy(t, "127.0.0.1")
	for range 3 {
		proxied(t, b.IRCAddr(), "")
		proxied(t, b.HTTPAddr(), "")
	}
	for _, header := range []string{
		"PROXY\r\n", "PROXY TCP4 300.0.0.1 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 99999\r\n",
		"PROXY " + strings.Repeat("x", 200), "PROXY TCP4 ::1 ::2 1 2\r\n", "PROXY TCP4 1.2.3.4",
		string(proxyproto.SIGV2) + "\x21\x11\x00\x01x", string(proxyproto.SIGV2) + "\x51\x11\x00\x0c" + strings.Repeat("x", 12),
	} {
		conn := patient{proxied(t, b.IRCAddr(), header+"NICK x\r\n")}
		if got, err := io.ReadAll(conn); len(got) > 0 || err != nil && !isReset(err) {
			t.Errorf("%q is answered with %q, %v", header, got, err)
		}
	}
	meet(t, proxied(t, b.IRCAddr(), header(t, 1, "192.0.2.7:1")), "alice")
	stopBus(t, b)
}

func FuzzReadOrigin(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.7 192.0.2.1 1234 6667\r\nNICK a\r\n"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte("NICK a\r\n"))
	f.Add([]byte(string(proxyproto.SIGV2) + "\x21\x11\x00\x0c" + "\xc0\x00\x02\x07\xc0\x00\x02\x01\x04\xd2\x1a\x0bNICK"))
	f.Add([]byte(string(proxyproto.SIGV2) + "\x20\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		near, far := net.Pipe()
		go func() {
			far.Write(sent)
			far.Close()
		}()
		conn, err := readOrigin(near, patience)
		if err == nil {
			if conn.RemoteAddr() == nil {
				t.Error("no address")
			}
			rest, err := io.ReadAll(conn)
			if err != nil || !strings.HasSuffix(string(sent), string(rest)) {
				t.Errorf("%q is left, %v", rest, err)
			}
		}
		near.Close()
	})
}

// TestWebSocketCrowd: web clients count by the address that the proxy tells, not
// by the proxy's.
func TestWebSocketCrowd(t *testing.T) {
	c := quiet(t)
	c.Proxies, c.Limits.PerAddress = []string{"127.0.0.1"}, 2
	b := startBus(t, c)
	dial := func(from string) *webUser {
		u, err := dialWeb(t, webURL(b, "/irc"), &websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {from}}})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for i, address := range []string{"192.0.2.7", "192.0.2.7", "192.0.2.8"} {
		dial(address).register("user" + string(rune('a'+i)))
	}
	if last, _ := dial("192.0.2.7").closed(); !strings.Contains(last, "Too many connections from your address (limit 2)") {
		t.Errorf("the end was %q", last)
	}
}
