package ircd

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// farConn seems to come from another machine.
type farConn struct {
	net.Conn
	from string
}

func (c farConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.from), 1234))
}

// webConn is such a connection that came by WebSocket.
type webConn struct{ farConn }

func (webConn) Secure() bool { return true }

// dialFrom connects as if from that address.
func (b *bus) dialFrom(address string, wrap func(farConn) net.Conn) *user {
	b.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	defer l.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		b.t.Fatal(err)
	}
	b.ServeConn(wrap(farConn{near, address}))
	return newUser(b.t, nc)
}

func plainConn(c farConn) net.Conn { return c }

// TestSTS: on a plain connection the port, over TLS for how long, and each only to
// whom it is for.
func TestSTS(t *testing.T) {
	b := newBus(t, func(c *Config) { c.STS = STS{Port: 6697, Duration: 30 * 24 * time.Hour} })
	l, err := listenTLS(&tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	go b.Serve(l)
	overTLS := func(host string) *user {
		nc, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, ServerName: host})
		if err != nil {
			t.Fatal(err)
		}
		return newUser(t, nc)
	}
	for name, test := range map[string]struct {
		user *user
		want string
	}{
		"plain":           {b.dialFrom("192.0.2.7", plainConn), " sts=port=6697 "},
		"TLS":             {overTLS("irc.test"), " sts=duration=2592000 "},
		"TLS, no name":    {overTLS(""), ""},
		"on this machine": {b.dial(), ""},
		"web":             {b.dialFrom("192.0.2.7", func(c farConn) net.Conn { return webConn{c} }), ""},
	} {
		test.user.send("CAP LS 302")
		got := strings.Join(append(test.user.fence(), ""), " ")
		if test.want != "" && !strings.Contains(got, test.want) || test.want == "" && strings.Contains(got, "sts") {
			t.Errorf("%s: %s", name, got)
		}
	}
	old := b.dialFrom("192.0.2.8", plainConn)
	old.send("CAP LS")
	if got := strings.Join(old.fence(), " "); strings.Contains(got, "sts") {
		t.Errorf("without values: %s", got)
	}
	old.send("CAP LS 302", "CAP REQ sts")
	old.until("CAP * NAK :sts")
}
