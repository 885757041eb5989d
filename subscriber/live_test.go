package subscriber

import (
	"bufio"
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ircbus/ircbus"
)

// TestDeadConnection: a bus that says nothing is asked, and given up in time.
func TestDeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := newLive(ours)
		l.loop.Go(l.readLoop)
		defer l.end()
		begun := time.Now()
		lines := bufio.NewReader(theirs)
		for range 3 { // it lives as long as it answers
			if line, err := lines.ReadString('\n'); err != nil || line != "PING :alive\r\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if _, err := theirs.Write([]byte(":bus PONG bus :alive\r\n")); err != nil {
				t.Fatal(err)
			}
		}
		if line, err := lines.ReadString('\n'); err != nil || line != "PING :alive\r\n" {
			t.Fatalf("%q, %v", line, err)
		}
		_, err := l.take(t.Context())
		if err == nil || time.Since(begun) != 5*silence {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

// FuzzLines: whatever the bus says, nothing panics, what is kept is bounded, and an
// event that comes out is one that can be written again.
func FuzzLines(f *testing.F) {
	for _, seed := range []string{
		"@time=2026-11-20T10:00:00.123Z;msgid=7;account=moin :moin!moin@bus PRIVMSG #moin :id=7&page=A\r\n",
		"@time=2026-11-20T10:00:00.123Z :moin!moin@bus PRIVMSG #moin :id=7&part=1/2&page=A\n" +
			"@time=2026-11-20T10:00:00.123Z :moin!moin@bus PRIVMSG #moin :id=7&part=2/2&page~=B\n",
		":bus 366 nick #moin :End of /NAMES list\r\n:bus PONG bus :barrier-1\r\n",
		"@time=0000-01-10T0:00:00,0Z PRIVMSG #moin id=1\n",
		":bus PRIVMSG #moin :id=0\r\n@time=x :moin PRIVMSG #moin :id=1\r\n",
		"ERROR :Too slow: resume after id 123\r\n", ":nick!a@b PART #moin\r\n", ":x KICK #moin nick :bye\r\n",
		":bus 403 nick #moin :No such channel\r\n", "FAIL JOIN CODE #moin :no\r\n", "PING\r\n", "@\r\n", ": \r\n\x00\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := &live{net: sinkConn{}, nick: "nick", ordered: true, changed: make(chan struct{}, 1)}
		l.reader.Initialize(bytes.NewReader(data), 512, maxLine)
		l.views = map[string]*liveView{"#moin": {channel: "#moin"}}
		l.toGo = 1
		l.readLoop()
		if l.err == nil || l.toGo < 0 || len(l.queue) > maxQueue {
			t.Fatalf("%v, %d to go, %d events", l.err, l.toGo, len(l.queue))
		}
		for _, e := range l.queue {
			if e.ID == 0 || e.Channel != "#moin" {
				t.Fatalf("%+v", e)
			}
			var again ircbus.Event
			if err := again.UnmarshalJSON(e.AppendJSON(nil)); err == nil {
				want := grouped(e.Fields)
				if d := cmp.Diff(want, again.Fields, cmpopts.EquateEmpty()); d != "" {
					t.Fatal(d)
				}
			}
		}
	})
}

// sinkConn takes everything.
type sinkConn struct{ net.Conn }

func (sinkConn) Write(p []byte) (int, error)      { return len(p), nil }
func (sinkConn) Close() error                     { return nil }
func (sinkConn) SetWriteDeadline(time.Time) error { return nil }

func TestJoinLines(t *testing.T) {
	var views []ircbus.View
	for range 10 {
		v, err := ircbus.ParseView("#moin?page=" + strings.Repeat("x", 100))
		if err != nil {
			t.Fatal(err)
		}
		views = append(views, v)
	}
	joined := 0
	for _, line := range joinLines(views) {
		if len(line) > 510 || !strings.HasPrefix(line, "JOIN #") {
			t.Errorf("%q", line)
		}
		joined += strings.Count(line, "#")
	}
	if joined != len(views) {
		t.Errorf("%d views joined", joined)
	}
}

func TestIRCAddress(t *testing.T) {
	for _, c := range []struct{ http, irc, ircs, want, secure string }{
		{"http://127.0.0.1:8667", "127.0.0.1:6667", "", "127.0.0.1:6667", ""},
		{"http://bus.example:8667", "127.0.0.1:6667", "", "bus.example:6667", ""},
		{"http://bus.example:8667", "0.0.0.0:6667", "[::]:6697", "bus.example:6667", ""},
		{"https://bus.example", "irc.example:6667", ":6697", "bus.example:6697", "bus.example"},
		{"https://bus.example", "", "irc.example:6697", "irc.example:6697", "irc.example"},
		{"https://bus.example", "", "", "", ""},
	} {
		d := description{IRC: c.irc, IRCS: c.ircs}
		addr, secure := d.ircAddress(&Options{HTTP: c.http})
		name := ""
		if secure != nil {
			name = secure.ServerName
		}
		if addr != c.want || name != c.secure {
			t.Errorf("%+v: %q, TLS for %q", c, addr, name)
		}
	}
}

func TestAcceptedAt(t *testing.T) {
	exact := time.Date(2026, 11, 20, 10, 0, 0, 123_456_000, time.UTC)
	for line, want := range map[string]time.Time{
		"@time=2026-11-20T10:00:00.123Z;ircbus.github.io/at=2026-11-20T10:00:00.123456Z PRIVMSG #m :id=1": exact,
		"@time=2026-11-20T10:00:00.123Z;ircbus/at=2026-11-20T10:00:00.123456Z PRIVMSG #m :id=1":           exact, // as before
		"@time=2026-11-20T10:00:00.123Z PRIVMSG #m :id=1":                                                 exact.Truncate(time.Millisecond),
		"@time=then PRIVMSG #m :id=1": {},
		"PRIVMSG #m :id=1":            {},
	} {
		m, err := ircmsg.ParseLine(line)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := acceptedAt(&m); !got.Equal(want) || (err != nil) != want.IsZero() {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
}

// TestLookWithoutHTTP: a connection that works outlives the loss of HTTP; one whose
// channels are not the right ones any more does not outlive a new description.
func TestLookWithoutHTTP(t *testing.T) {
	v, err := ircbus.ParseView("#moin")
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{
		bus: newBus(&Options{HTTP: "http://127.0.0.1:1"}), begun: true,
		log: slog.New(slog.DiscardHandler), views: []ircbus.View{v},
	}
	l := &live{views: map[string]*liveView{"#moin": {channel: "#moin"}}}
	if again, err := f.look(t.Context(), l); again || err != nil {
		t.Errorf("%v, %v", again, err)
	}
	if !l.joinedTo(f.views) || l.joinedTo([]ircbus.View{v.WithChannel("#renamed")}) || l.joinedTo(nil) {
		t.Error("joinedTo is wrong")
	}
}
