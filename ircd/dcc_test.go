package ircd

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseDCC(t *testing.T) {
	for text, want := range map[string]dccRequest{
		"\x01DCC SEND moin-1-9.txt 2130706433 5000 123\x01":        {verb: "SEND", name: "moin-1-9.txt", host: "2130706433", port: 5000, position: 123},
		"\x01DCC SEND moin.txt ::1 0 18446744073709551615 t0k\x01": {verb: "SEND", name: "moin.txt", host: "::1", position: 1<<64 - 1, token: "t0k"},
		"\x01DCC RESUME \"a b.txt\" 5000 99\x01":                   {verb: "RESUME", name: "a b.txt", port: 5000, position: 99},
		"\x01DCC ACCEPT moin.txt 0 99 17\x01":                      {verb: "ACCEPT", name: "moin.txt", position: 99, token: "17"},
	} {
		got, ok := parseDCC(text)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(dccRequest{})); diff != "" || !ok || got.String() != text {
			t.Errorf("%q: %q, %v (-want +got)\n%s", text, got.String(), ok, diff)
		}
	}
	for _, text := range []string{
		"DCC SEND a 1 2 3", "\x01DCC\x01", "\x01VERSION\x01", "\x01DCC CHAT chat 1 2\x01", "\x01DCC SEND a 1 2\x01", "\x01DCC SEND a 1 65536 3\x01",
		"\x01DCC RESUME a 5000 -1\x01", "\x01DCC RESUME \"a 5000 1\x01", "\x01DCC RESUME a 1 2 3 4\x01", "\x01DCC RESUME  5000 1\x01",
	} {
		if got, ok := parseDCC(text); ok {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func FuzzParseDCC(f *testing.F) {
	for _, seed := range []string{"\x01DCC SEND a.txt 2130706433 5000 123 7\x01", "\x01DCC RESUME \"a b\" 0 1 2\x01", "\x01dcc accept a 1 2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := parseDCC(text)
		if !ok {
			return
		}
		again, ok := parseDCC(d.String())
		if diff := cmp.Diff(d, again, cmp.AllowUnexported(dccRequest{})); (diff != "" || !ok) && !strings.ContainsAny(d.name, "\" \t") {
			t.Errorf("%q and what is made of it differ: %s", text, diff)
		}
	})
}

func TestDCCHost(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1": "2130706433", "::ffff:192.0.2.1": "3221225985", "2001:db8::1": "2001:db8::1"} {
		if got := dccHost(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

// offered reads an offer.
func (u *user) offered() dccRequest {
	u.t.Helper()
	line := u.line()
	text, ok := strings.CutPrefix(line, ":moin!moin@irc.test PRIVMSG ada :")
	d, isDCC := parseDCC(text)
	if !ok || !isDCC {
		u.t.Fatalf("got %q", line)
	}
	return d
}

// wholeFile is what the archive's first n events make.
func wholeFile(b *bus, n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var file strings.Builder
	for _, e := range b.events[:n] {
		fmt.Fprintf(&file, "id=%d&%s\n", e.ID, e.Fields.Encode())
	}
	return file.String()
}

// fetch receives a file, with acknowledgements of so many bytes each.
func fetch(t *testing.T, nc net.Conn, size int, width int) string {
	t.Helper()
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	var got []byte
	buf := make([]byte, 4096)
	for len(got) < size {
		n, err := nc.Read(buf)
		if err != nil {
			t.Fatalf("after %d bytes of %d: %v", len(got), size, err)
		}
		got = append(got, buf[:n]...)
		receipt := binary.BigEndian.AppendUint64(nil, uint64(len(got)))
		if _, err := nc.Write(receipt[8-width:]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nc.Read(buf); err != io.EOF {
		t.Errorf("after the file: %v", err)
	}
	return string(got)
}

func dialDCC(t *testing.T, d dccRequest) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

func TestDCCActive(t *testing.T) {
	b := archive(t, 300)
	ada := b.user("ada")
	for _, width := range []int{4, 8} {
		ada.send("PRIVMSG moin :GETMESSAGES_SINCE_ENTRY 0 DCC")
		d, want := ada.offered(), wholeFile(b, 300)
		if d.verb != "SEND" || d.name != "moin-1-300.txt" || d.host != "2130706433" || d.position != uint64(len(want)) || d.token != "" {
			t.Errorf("offered %+v", d)
		}
		if got := ada.line(); got != ":moin!moin@irc.test NOTICE ada :300 entries, the last is 300" {
			t.Error(got)
		}
		ada.send("PRIVMSG moin :LAST DCC")
		if got := ada.line(); !strings.Contains(got, "No file can be sent now: fetch the one before") {
			t.Error(got)
		}
		stranger := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
		if nc, err := stranger.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", d.port)); err != nil {
			t.Fatal(err)
		} else if _, err := nc.Read(make([]byte, 1)); err == nil {
			t.Error("somebody else fetches the file")
		}
		if got := fetch(t, dialDCC(t, d), len(want), width); got != want {
			t.Errorf("%d bytes, want %d", len(got), len(want))
		}
		b.awaitNoOffers(t)
	}
}

// awaitNoOffers waits until every offer's goroutine has ended its account.
func (b *bus) awaitNoOffers(t *testing.T) {
	t.Helper()
	other := b.user("other")
	defer other.nc.Close()
	for offers := 1; offers > 0; {
		other.fence()
		b.Server.mu.Lock()
		offers = b.offers
		b.Server.mu.Unlock()
	}
	other.send("QUIT")
	other.until("ERROR ")
}

func TestDCCResume(t *testing.T) {
	b := archive(t, 100)
	ada := b.user("ada")
	ada.send("PRIVMSG moin :LAST 100 DCC")
	d, want := ada.offered(), wholeFile(b, 100)
	ada.line()
	for _, wrong := range []string{
		fmt.Sprintf("RESUME %s %d %d", d.name, d.port, len(want)), fmt.Sprintf("RESUME %s %d 5", d.name, d.port-1),
		fmt.Sprintf("RESUME %s %d 5 7", d.name, d.port), fmt.Sprintf("SEND %s 2130706433 5000 5", d.name),
	} {
		ada.send("PRIVMSG moin :\x01DCC " + wrong + "\x01")
		if got := ada.line(); !strings.HasPrefix(got, ":irc.test 301 ada moin ") {
			t.Errorf("%s: %s", wrong, got)
		}
	}
	ada.send(fmt.Sprintf("PRIVMSG moin :\x01DCC RESUME file.ext %d 1000\x01", d.port))
	if a := ada.offered(); a.verb != "ACCEPT" || a.port != d.port || a.position != 1000 {
		t.Errorf("got %+v", a)
	}
	nc := dialDCC(t, d)
	nc.SetDeadline(time.Now().Add(patience))
	got := make([]byte, len(want)-1000)
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != want[1000:] {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestDCCPassive(t *testing.T) {
	b := archive(t, 100, func(c *Config) { c.DCC = DCC{First: 20000, Last: 65000} })
	ada := b.user("ada")
	ada.send("PRIVMSG moin :GETMESSAGES_SINCE_ENTRY 0 DCC PASSIVE")
	d, want := ada.offered(), wholeFile(b, 100)
	if d.port != 0 || d.token == "" {
		t.Fatalf("offered %+v", d)
	}
	ada.line()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	reply := d
	reply.host = dccHost(netip.MustParseAddr("192.0.2.66")) // the server knows better
	for _, wrong := range []dccRequest{{port: 80, token: d.token}, {port: 5000, token: d.token + "1"}} {
		reply.port, reply.token = wrong.port, wrong.token
		ada.send("PRIVMSG moin :" + reply.String())
		if got := ada.line(); !strings.HasPrefix(got, ":irc.test 301 ada moin ") {
			t.Errorf("%+v: %s", wrong, got)
		}
	}
	reply.port, reply.token = uint16(l.Addr().(*net.TCPAddr).Port), d.token
	ada.send("PRIVMSG moin :" + reply.String())
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, nc, len(want), 4); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	b.awaitNoOffers(t)
}

// TestDCCEnds: an offer ends with its connection, and there are only so many.
func TestDCCEnds(t *testing.T) {
	b := archive(t, 5)
	var all []*user
	for i := range maxOffers {
		u := b.user(fmt.Sprint("u", i))
		u.send("PRIVMSG moin :LAST DCC")
		u.until("entries")
		all = append(all, u)
	}
	ada := b.user("ada")
	ada.send("PRIVMSG moin :LAST DCC", "PRIVMSG moin :LAST DCC PASSIVE")
	if got := ada.line(); !strings.Contains(got, "No file can be sent now: too many others") {
		t.Error(got)
	}
	if got := ada.line(); !strings.Contains(got, "There are no files by DCC here: see http://irc.test:8667/changes?") {
		t.Error(got)
	}
	for _, u := range all {
		u.send("QUIT")
		u.until("ERROR ")
	}
	b.awaitNoOffers(t)
	ada.send("PRIVMSG moin :LAST DCC")
	d := ada.offered()
	nc := dialDCC(t, d)
	nc.(*net.TCPConn).SetLinger(0)
	nc.Close() // it goes before it has anything, or everything
	b.awaitNoOffers(t)
}

// TestDCCPorts: the server listens where it is told to.
func TestDCCPorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := uint16(l.Addr().(*net.TCPAddr).Port)
	defer l.Close()
	b := archive(t, 5, func(c *Config) { c.DCC = DCC{First: taken, Last: taken, Address: netip.MustParseAddr("192.0.2.1")} })
	ada := b.user("ada")
	ada.send("PRIVMSG moin :LAST DCC")
	if got := ada.line(); !strings.Contains(got, "No file can be sent now: no port is free") {
		t.Error(got)
	}
	l.Close()
	ada.send("PRIVMSG moin :LAST DCC")
	if d := ada.offered(); d.port != taken || d.host != "2130706433" { // loopback keeps its own address
		t.Errorf("offered %+v", d)
	}
}
