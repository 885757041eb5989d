package bus

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestMediaWikiDoor: a wiki's first packet makes it a publisher with a
// description and MediaWiki's own line; who may not send is counted.
func TestMediaWikiDoor(t *testing.T) {
	c := quiet(t)
	c.MediaWiki = MediaWiki{Listen: "127.0.0.1:0", Names: []string{"en*"}}
	b := startBus(t, c)
	wiki, err := net.Dial("udp", doorAddr(t, b, "mediawiki", "udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer wiki.Close()
	for i, name := range []string{"enwiki", "other", "enwiki"} {
		fmt.Fprintf(wiki, `{"id":%d,"type":"edit","namespace":0,"title":"A","comment":"c","timestamp":1700000000,"user":"U","bot":false,"minor":false,`+
			`"length":{"old":1,"new":9},"revision":{"old":1,"new":2},"server_url":"https://en.example.org","server_name":"en.example.org","server_script_path":"/w","wiki":%q}`, i+1, name)
	}
	waitFor(t, "two events", func() bool {
		_, metrics := get(t, b.URL()+"/metrics")
		return strings.Contains(metrics, "\n"+`ircbus_door_events_total{door="mediawiki"} 2`) &&
			strings.Contains(metrics, "\n"+`ircbus_door_refused_total{door="mediawiki",reason="target"} 1`) &&
			strings.Contains(metrics, "\n"+`ircbus_door_dropped_total{door="mediawiki",where="kernel"} 0`)
	})
	wikis := b.directory.wikis()
	if len(wikis) != 1 || wikis[0].Publisher != "enwiki" || wikis[0].Engine != "mediawiki" || !strings.HasPrefix(wikis[0].PageURL, "https://en.example.org/w/") {
		t.Fatalf("%+v", wikis)
	}
	if body := firstLine(t, b); !strings.HasPrefix(body, "\x0314[[\x0307A\x0314]]") {
		t.Errorf("the readable line is %q", body)
	}
}

// doorAddr is where a door listens over a network.
func doorAddr(t *testing.T, b *Bus, name, network string) string {
	t.Helper()
	for _, d := range b.Doors() {
		for _, listens := range d.Listens {
			if where, ok := strings.CutPrefix(listens, network+" "); ok && d.Door == name {
				return where
			}
		}
	}
	t.Fatalf("the door %s does not listen on %s: %+v", name, network, b.Doors())
	return ""
}

// firstLine is the readable line of the log's first event.
func firstLine(t *testing.T, b *Bus) string {
	t.Helper()
	e, err := b.store.Event(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	b.directory.mu.Lock()
	defer b.directory.mu.Unlock()
	return b.directory.publishers[0].Line(&e, 400)
}

// TestClosedBus: who has no account gets in nowhere.
func TestClosedBus(t *testing.T) {
	c := quiet(t)
	c.Access = AccessLogin
	b := startBus(t, c)
	if status, _ := get(t, b.URL()+"/changes"); status != http.StatusUnauthorized {
		t.Errorf("changes: status %d", status)
	}
	if status, _ := get(t, b.URL()+"/healthz"); status != http.StatusOK {
		t.Errorf("healthz: status %d", status)
	}
	conn, err := net.Dial("tcp", b.IRCAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := newPerson(t, conn)
	p.say("NICK a")
	p.say("USER a 0 * :a")
	p.until("ERROR :", " 465 ", "ACCOUNT_REQUIRED")
}

// TestWarnPlain: plain listeners beyond loopback are named in the log.
func TestWarnPlain(t *testing.T) {
	c, log := quiet(t), &logged{}
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	c.IRC, c.HTTP = "0.0.0.0:0", ":0"
	c.URL = "http://bus.example.org"
	b := startBus(t, c)
	if got := log.String(); strings.Count(got, "passwords can be read") != 2 {
		t.Errorf("the log: %s", got)
	}
	if _, port, _ := net.SplitHostPort(b.IRCAddr()); public(b.listeners.irc, c.URL) != "bus.example.org:"+port {
		t.Errorf("people are told %s", public(b.listeners.irc, c.URL))
	}
}

// TestDoorFails: a door that fails while it runs is opened again, and the bus goes
// on.
func TestDoorFails(t *testing.T) {
	c := quiet(t)
	c.Prism = Prism{Netcat: "127.0.0.1:0", Publisher: "prism"}
	c.PSYC = PSYC{Listen: "127.0.0.1:0", Publisher: "psyc"}
	b := startBus(t, c)
	var before []*opened
	for _, d := range b.doors {
		before = append(before, d.current())
		// The door itself closes the rest as soon as a part of it is closed.
		if err := d.current().source.(io.Closer).Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Fatal(err)
		}
	}
	for i, d := range b.doors {
		waitFor(t, "the door "+d.name+" to be open again", func() bool { return d.current() != before[i] && d.failing() == nil })
	}
	netcat(t, doorAddr(t, b, "prism", "tcp"), "still here\n")
	if got := stored(t, b); len(got) != 1 || got[0] != "#prism text=still+here" {
		t.Errorf("%q", got)
	}
}
