package bus

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// far is a listener whose connections seem to come from another machine.
type far struct{ net.Listener }

type farConn struct {
	net.Conn
	from net.Addr
}

func (c farConn) RemoteAddr() net.Addr { return c.from }

func (l far) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return farConn{conn, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("[2001:db8::1]:1234"))}, err
}

// TestCaseA11HTTPNeighbours: twelve /64 of one /48 have four times as many connections
// as one of them, and those that are too many are not kept while they say nothing.
func TestCaseA11HTTPNeighbours(t *testing.T) {
	c := crowd{limit: 4, open: map[netip.Prefix]int{}}
	in, told, closed := 0, 0, 0
	var last net.Addr
	for i := range 12 * 4 {
		last = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(fmt.Sprintf("[2001:db8:0:%d::1]:%d", i%12, 1000+i)))
		switch over := c.enter(last); {
		case over == 0:
			in++
		case over <= toldAtOnce:
			told++
		default:
			closed++
			c.leave(last) // as for what the server closes
		}
	}
	if in != 16 || told != toldAtOnce || closed != 48-in-told {
		t.Errorf("%d are in, %d are told, %d are closed at once", in, told, closed)
	}
	if over := c.enter(net.TCPAddrFromAddrPort(netip.MustParseAddrPort("[2001:db8:1::1]:1"))); over != 0 {
		t.Errorf("another network has %d too many", over)
	}
}

// TestCrowd: an address that has too many connections is told so, until one of
// them is closed.
func TestCrowd(t *testing.T) {
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })}
	c := crowd{limit: 2}
	c.watch(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(far{l}) }()
	ask := func() (net.Conn, int, string) {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn = patient{conn}
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return conn, answer.StatusCode, string(text)
	}
	first, status, _ := ask()
	if _, second, _ := ask(); status != http.StatusOK || second != http.StatusOK {
		t.Fatal(status, second)
	}
	if _, status, text := ask(); status != http.StatusTooManyRequests || !strings.Contains(text, "(limit 2)") {
		t.Errorf("%d %s", status, text)
	}
	first.Close()
	waitFor(t, "the closed ones to be forgotten", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.open) == 2 && c.open[netip.MustParsePrefix("2001:db8::/64")] == 1
	})
	if _, status, _ := ask(); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	server.Close()
	<-served
	waitFor(t, "all to be forgotten", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.open) == 0
	})
}

func TestCrowdLimited(t *testing.T) {
	c := crowd{}
	for from, want := range map[string]string{
		"192.0.2.7:1": "192.0.2.7/32", "[::ffff:192.0.2.7]:1": "192.0.2.7/32", "[2001:db8::7%eth0]:1": "2001:db8::/64",
		"127.0.0.9:1": "", "[::1]:1": "", "[::ffff:127.0.0.1]:1": "",
	} {
		network, limited := c.limited(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from)))
		if limited != (want != "") || limited && network.Narrow.String() != want {
			t.Errorf("%s: %v, %v", from, network, limited)
		}
	}
}
