package api

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// ask sends a request whose Host and headers are as given, and returns the answer
// and its body.
func ask(t *testing.T, b *bus, request, host, headers string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	method, path, _ := strings.Cut(request, " ")
	if headers != "" {
		headers = strings.TrimSpace(headers) + "\r\n"
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", method, path, host, headers)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s of %q, %q: %v", request, host, headers, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response, ""
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// listed are the proxies of a test: on this machine, as the tests are.
var listed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

const (
	forwardedFor = "X-Forwarded-For: 192.0.2.7"
	upgrade      = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
)

// TestCaseA10Hosts: on loopback only names count that a web page cannot bend, on
// every route, and who is refused hears which keys tell the bus of others.
func TestCaseA10Hosts(t *testing.T) {
	literals := []string{"127.0.0.1", "127.0.0.1:8667", "127.0.0.1.", "192.0.2.7:1", "[::1]", "[::1]:8667", "[2001:DB8::7]", "[::ffff:127.0.0.1]:1",
		"localhost", "localhost:8667", "LOCALHOST", "LocalHost.:80", "localhost."}
	strange := []string{"evil.example", "evil.example:8667", "localhost.evil.example", "evil.localhost", "127.0.0.1.evil.example", "localhost..",
		"2130706433", "0x7f.1", "127.1", "bus.example.evil.example", "xn--localhost-x", "localhost:x", "", "[::1", "[evil.example]"}
	public := []string{"bus.example", "bus.example:8443", "BUS.Example.", "Bus.Example.:1"}
	for _, test := range []struct {
		name, url      string
		proxies        []netip.Prefix
		headers        string
		known, refused []string
	}{
		{"by itself", "", nil, "", literals, append(strange, public...)},
		{"with a public address", "https://bus.example:9000/x", nil, "", append(literals, public...), strange},
		{"listed", "", listed, "", literals, append(strange, public...)},
		{"through a listed proxy", "", listed, forwardedFor, append(literals, "evil.example", "bus.example"), []string{"", "[::1"}},
		{"through one, with a public address", "https://bus.example", listed, forwardedFor, append(literals, public...), strange},
		{"through one that is not listed", "", nil, forwardedFor, literals, append(strange, public...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := startBus(t, func(c *Config) { c.URL, c.Proxies = test.url, test.proxies })
			for _, host := range test.known {
				if response, body := ask(t, b, "GET /changes", host, test.headers); response.StatusCode != 200 {
					t.Errorf("%q: %d %s", host, response.StatusCode, body)
				}
			}
			for _, host := range test.refused {
				response, body := ask(t, b, "GET /changes", host, test.headers)
				malformed := response.StatusCode == 400 && strings.ContainsAny(host, "[")
				if !malformed && (response.StatusCode != 421 || !strings.Contains(body, "set url") || !strings.Contains(body, "in proxies")) {
					t.Errorf("%q: %d %s", host, response.StatusCode, body)
				}
				if response.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%q: any page may read that", host)
				}
			}
		})
	}
}

// TestCaseA10Routes: a name that is bent to loopback reaches nothing at all, and
// the log says so once.
func TestCaseA10Routes(t *testing.T) {
	var log strings.Builder
	b := startBus(t, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.ServeIRC = func(conn net.Conn) { conn.Close() }
		c.Doors = []Door{{Methods: []string{"GET", "POST"}, Pattern: "/doors/test", Serve: func(w http.ResponseWriter, r *http.Request) error {
			t.Error("the door is reached")
			return nil
		}}}
	})
	for _, request := range []string{"GET /", "GET /?action=changes", "GET /changes", "GET /stream", "GET /events/1", "GET /wikis", "GET /healthz", "GET /readyz",
		"GET /metrics", "GET /nothing", "OPTIONS /stream", "HEAD /", "POST /events", "DELETE /events/1", "GET /doors/test", "POST /doors/test", "PUT /doors/test"} {
		if response, _ := ask(t, b, request, "evil.example", "Origin: http://evil.example"); response.StatusCode != 421 {
			t.Errorf("%s: %d", request, response.StatusCode)
		}
	}
	for _, path := range []string{"/", "/irc"} {
		if response, _ := ask(t, b, "GET "+path, "evil.example", upgrade+"\r\nOrigin: http://evil.example"); response.StatusCode != 421 {
			t.Errorf("a WebSocket at %s: %d", path, response.StatusCode)
		}
		if response, _ := ask(t, b, "GET "+path, "127.0.0.1", upgrade+"\r\nOrigin: http://evil.example"); response.StatusCode != 403 {
			t.Errorf("a WebSocket of another site at %s: %d", path, response.StatusCode)
		}
		if response, _ := ask(t, b, "GET "+path, "127.0.0.1", upgrade+"\r\nOrigin: http://127.0.0.1"); response.StatusCode != 101 {
			t.Errorf("a WebSocket of its own at %s: %d", path, response.StatusCode)
		}
	}
	if got := log.String(); strings.Count(got, "evil.example") != 1 || !strings.Contains(got, "set url") || !strings.Contains(got, "proxies") {
		t.Errorf("the log: %s", got)
	}
}

// TestCaseA10OldProtocol: programs of HTTP/1.0 name no host, which no browser does.
func TestCaseA10OldProtocol(t *testing.T) {
	b := startBus(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(conn, "GET /healthz HTTP/1.0\r\n\r\n")
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 200") {
		t.Errorf("%.200q, %v", answer, err)
	}
}

// TestCaseA10Reading: pages of other sites read the bus only where it is public.
func TestCaseA10Reading(t *testing.T) {
	for _, test := range []struct {
		name, url, host, headers string
		proxies                  []netip.Prefix
		may                      bool
	}{
		{"on loopback", "", "127.0.0.1", "", nil, false},
		{"localhost", "", "localhost", "", nil, false},
		{"its public host", "https://bus.example", "bus.example:443", "", nil, true},
		{"in other letters", "https://Bus.example", "BUS.example.", "", nil, true},
		{"on loopback, though it has a public host", "https://bus.example", "127.0.0.1", "", nil, false},
		{"a public address that is this machine", "http://127.0.0.1:8667", "127.0.0.1:8667", "", nil, false},
		{"a public address that is localhost", "http://localhost:8667", "localhost:8667", "", nil, false},
		{"through a listed proxy", "", "bus.example", forwardedFor, listed, true},
		{"from a proxy's machine", "", "127.0.0.1", "", listed, false},
		{"through another proxy", "", "127.0.0.1", forwardedFor, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := startBus(t, func(c *Config) { c.URL, c.Proxies = test.url, test.proxies })
			for _, request := range []string{"GET /changes", "GET /", "GET /wikis", "OPTIONS /stream", "OPTIONS /changes", "GET /nothing"} {
				response, _ := ask(t, b, request, test.host, test.headers+"\r\nOrigin: https://other.example")
				if got := response.Header.Get("Access-Control-Allow-Origin"); (got == "*") != test.may {
					t.Errorf("%s: %d %q", request, response.StatusCode, got)
				}
			}
		})
	}
}

// TestCaseC20: what a page's EventSource, or one of its replacements, asks to send
// may be sent, where pages may read at all.
func TestCaseC20(t *testing.T) {
	b := startBus(t, func(c *Config) { c.URL = "https://bus.example" })
	for _, path := range []string{"/stream", "/changes", "/events/1", "/"} {
		response, _ := ask(t, b, "OPTIONS "+path, "bus.example",
			"Origin: https://other.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization,cache-control,last-event-id")
		allowed := strings.ToLower(response.Header.Get("Access-Control-Allow-Headers"))
		for _, name := range []string{"authorization", "cache-control", "last-event-id"} {
			if !strings.Contains(allowed, name) {
				t.Errorf("%s: only %q", path, allowed)
			}
		}
	}
	if response, _ := ask(t, b, "OPTIONS /stream", "127.0.0.1", "Origin: https://other.example"); response.Header.Get("Access-Control-Allow-Headers") != "" {
		t.Error("on loopback")
	}
}

// TestCaseA10Publishing: another site's page publishes nothing with the browser of
// its reader, with no method and no type of content; what is no browser does.
func TestCaseA10Publishing(t *testing.T) {
	const host = "127.0.0.1:8667"
	b := startBus(t, func(c *Config) {
		c.URL = "https://bus.example"
		c.Doors = []Door{{Methods: []string{"GET", "POST", "PUT"}, Pattern: "/doors/test", Serve: func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusAccepted)
			return nil
		}}}
	})
	for _, headers := range []string{
		"Origin: http://evil.example", "Origin: null", "Origin: http://127.0.0.1:3000", "Origin: http://localhost:8667", "Origin: file://",
		"Referer: http://evil.example/page", "Referer: http://127.0.0.1:3000/", "Referer: nonsense", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site",
		"Sec-Fetch-Site: new-word", "Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example", "Origin: http://127.0.0.1:8667\r\nReferer: http://evil.example/",
	} {
		for _, request := range []string{"GET /doors/test?message=x", "POST /doors/test", "PUT /doors/test", "POST /events", "DELETE /events/1"} {
			for _, content := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
				response, body := ask(t, b, request, host, headers+"\r\nContent-Length: 0\r\nContent-Type: "+content)
				if response.StatusCode != 403 || !strings.Contains(body, "another site") {
					t.Errorf("%s, %q, %q: %d %s", request, headers, content, response.StatusCode, body)
				}
			}
		}
	}
	for _, headers := range []string{
		"", "User-Agent: Wget/1.21.3\r\nAccept: */*", "Sec-Fetch-Site: none", "Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:8667",
		"Origin: https://bus.example", "Referer: https://BUS.example:443/page", "Referer: http://127.0.0.1:8667/",
	} {
		for _, request := range []string{"GET /doors/test?message=x", "POST /doors/test"} {
			if response, body := ask(t, b, request, host, headers+"\r\nContent-Length: 0"); response.StatusCode != 202 {
				t.Errorf("%s, %q: %d %s", request, headers, response.StatusCode, body)
			}
		}
	}
}

// FuzzHostName: whatever a Host header says, it is one name in one form, and only
// loopback's own names are taken for this machine's.
func FuzzHostName(f *testing.F) {
	for _, host := range []string{"localhost", "[::1]:80", "LOCALHOST.", "127.0.0.1:", "a:b:c", "[", "]", "[]", "%", "evil.example", "[fe80::1%25lo]:1", "::1"} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, authority string) {
		name := hostName(authority)
		if name != strings.ToLower(name) || strings.ContainsAny(name, "[]") && name == "localhost" {
			t.Errorf("%q is %q", authority, name)
		}
		if again := hostName(name); isThisMachine(name) && again != name {
			t.Errorf("%q is %q is %q", authority, name, again)
		}
		if name == "localhost" && !strings.HasPrefix(strings.ToLower(authority), "localhost") && authority[0] != '[' {
			t.Errorf("%q is %q", authority, name)
		}
	})
}

// TestCaseANext: addresses in answers do not have a host that whoever sent the
// request has made up.
func TestCaseANext(t *testing.T) {
	b := startBus(t, func(c *Config) { c.Self, c.Proxies = "http://machine:8667", listed })
	for _, test := range []struct{ host, name, from, header, want string }{
		{"evil.example", "", "192.0.2.7:1", "", "http://192.0.2.1:8667"},
		{"evil.example:80", "", "192.0.2.7:1", "X-Forwarded-For", "http://192.0.2.1:8667"}, // from no listed proxy
		{"", "", "192.0.2.7:1", "", "http://192.0.2.1:8667"},
		{"machine:8667", "", "192.0.2.7:1", "", "http://machine:8667"},
		{"198.51.100.9:80", "", "192.0.2.7:1", "", "http://198.51.100.9:80"},
		{"LocalHost:1", "", "192.0.2.7:1", "", "http://LocalHost:1"},
		{"bus.example", "bus.example", "192.0.2.7:1", "", "https://bus.example"},
		{"evil.example", "bus.example", "192.0.2.7:1", "", "https://192.0.2.1:8667"},
		{"bus.example", "", "127.0.0.1:1", "X-Forwarded-For", "http://bus.example"},
	} {
		r := httptest.NewRequest("GET", "/changes", nil)
		r.Host, r.RemoteAddr = test.host, test.from
		if test.header != "" {
			r.Header.Set(test.header, "203.0.113.9")
		}
		if test.name != "" {
			r.TLS = &tls.ConnectionState{ServerName: test.name}
		}
		local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:8667"))
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
		if got := b.api.base(b.api.forwarded(r)); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
}
