package publisher

import (
	"net"
	"testing"
	"time"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func parseReply(t *testing.T, c *conn, line string) (reply, bool) {
	t.Helper()
	m, err := ircmsg.ParseLine(line)
	if err != nil {
		t.Fatal(err)
	}
	return c.reply(&m)
}

func TestReply(t *testing.T) {
	c := newConn(nil)
	for _, tt := range []struct {
		line string
		want reply
		ok   bool
	}{
		{"@label=a;msgid=12 :w!w@s PRIVMSG #w :id=12&page=A", reply{try: 10, receipt: ircbus.Receipt{ID: 12}}, true},
		{"@label=a;msgid=12;time=2026-11-20T10:00:00.123Z;ircbus.github.io/at=2026-11-20T10:00:00.123456Z;ircbus.github.io/duplicate :w!w@s PRIVMSG #w :id=12&page=A",
			reply{try: 10, receipt: ircbus.Receipt{ID: 12, At: time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC), Duplicate: true}}, true},
		{"@label=a;msgid=12;ircbus/at=2026-11-20T10:00:00.123456Z;ircbus/duplicate :w!w@s PRIVMSG #w :id=12&page=A", // as before
			reply{try: 10, receipt: ircbus.Receipt{ID: 12, At: time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC), Duplicate: true}}, true},
		{"@label=a.1 :s ACK", reply{}, false},
		{"@label=a.1 :s FAIL PRIVMSG NOT_PUBLISHER #w :no", reply{try: 10, refusal: ircbus.Refuse(ircbus.NotPublisher, "no")}, true},
		{"@label=a :s 403 w #x :No such channel", reply{try: 10, refusal: ircbus.Refuse(ircbus.NotPublisher, "No such channel")}, true},
		{"@label=a :s 417 w :Too long", reply{try: 10, refusal: ircbus.Refuse(ircbus.EventTooLarge, "Too long")}, true},
		{":w!w@s PRIVMSG #w :id=12&page=A", reply{}, false},
		{"@label=a;msgid=x :w!w@s PRIVMSG #w :page=A", reply{}, false},
		{":s NOTICE w :hello", reply{}, false},
		{"@label=b :s BATCH +1 labeled-response", reply{}, false},
		{"@batch=1;msgid=13 :w!w@s PRIVMSG #w :id=13&part=1/2&page=A", reply{try: 11, receipt: ircbus.Receipt{ID: 13}}, true},
		{":s BATCH -1", reply{}, false},
		{"@batch=1;msgid=14 :w!w@s PRIVMSG #w :id=14&page=A", reply{}, false},
	} {
		got, ok := parseReply(t, c, tt.line)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(reply{})); ok != tt.ok || ok && diff != "" {
			t.Errorf("%s: ok %v (-want +got):\n%s", tt.line, ok, diff)
		}
	}
}

// FuzzReply takes any line from the bus: a refusal or a receipt with an id.
func FuzzReply(f *testing.F) {
	f.Add("@label=a;msgid=12;time=2026-11-20T10:00:00.000Z :w!w@s PRIVMSG #w :id=12")
	f.Add("@label=a.1 :s FAIL PRIVMSG INVALID_EVENT #w :reason")
	f.Add("@label=b :s BATCH +1 labeled-response")
	f.Add(":s BATCH -")
	f.Fuzz(func(t *testing.T, line string) {
		m, err := ircmsg.ParseLine(line)
		if err != nil {
			return
		}
		if r, ok := newConn(nil).reply(&m); ok && (r.refusal == nil) == (r.receipt.ID == 0) {
			t.Errorf("%q: %+v", line, r)
		}
	})
}

func TestLabels(t *testing.T) {
	for _, try := range []uint64{1, 35, 36, 1 << 60} {
		for part := 1; part <= 3; part++ {
			got, isLast, ok := parseLabel(label(try, part, 3))
			if got != try || isLast != (part == 3) || !ok {
				t.Errorf("part %d of try %d: %d %v %v", part, try, got, isLast, ok)
			}
		}
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1": true, "127.9.9.9": true, "::1": true, "192.0.2.1": false, "0.0.0.0": false} {
		if got := isLoopback(&net.TCPAddr{IP: net.ParseIP(addr)}); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
}
