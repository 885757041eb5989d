package ircd

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// narrow is a listener to whose connections the system takes little at once.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return nc, nc.(*net.TCPConn).SetWriteBuffer(4096)
}

// TestAnswersStayWhole: what the read loop has begun to answer goes on before
// anything else: no event comes into the middle of a line.
func TestAnswersStayWhole(t *testing.T) {
	for _, secure := range []bool{false, true} {
		b := newBus(t)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b.addr, b.secure, l = l.Addr().String(), secure, narrow{l}
		if secure {
			l = NewTLSListener(l, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
		}
		go b.Serve(l)
		u := b.user("alice")
		u.send("JOIN #moin")
		u.fence()
		c := clientOf(t, b, "alice").conn
		wait(t, "the read loop to wait", func() bool { return c.becomeWriter(true) })
		const answers = 20_000 // more than both systems' buffers and the outlet take
		var control strings.Builder
		for i := range answers {
			fmt.Fprintf(&control, "answer %06d which is as long as answers are\r\n", i)
		}
		c.queue([]byte(control.String()))
		if c.speak(newAttempt()) {
			t.Fatal("the system has taken everything")
		}
		b.Deliver([]ircbus.Event{event(1, "#moin", "page", "P")})
		c.hub.start(c.write)
		lines := u.fence()
		for i, line := range lines[:len(lines)-1] {
			if want := fmt.Sprintf("answer %06d which is as long as answers are", i); line != want {
				t.Fatalf("secure %v: %q came, not %q", secure, line, want)
			}
		}
		if len(lines) != answers+1 || idIn(lines[answers], "#moin") != 1 {
			t.Errorf("secure %v: %d lines came, the last is %q", secure, len(lines), lines[len(lines)-1])
		}
	}
}
