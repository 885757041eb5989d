package bus

import (
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// irkerBus is a bus with irker's door, whose account publishes in a channel of
// its own and in #commits.
func irkerBus(t *testing.T) *Bus {
	t.Helper()
	c := quiet(t)
	c.Irker = Irker{Listen: "127.0.0.1:0", Publisher: "irker", Channels: []string{"gpsd*=#commits", "lost=#nowhere", "all=#irker"}}
	addAccount(t, c.Data, account.Account{Name: "irker", Role: account.Publisher, Channels: []string{"#irker", "#commits"}})
	return startBus(t, c)
}

// addAccount adds an account without a password to a bus that does not run yet.
func addAccount(t *testing.T, data string, a account.Account) {
	t.Helper()
	accounts, err := account.Open(filepath.Join(data, AccountsFile), account.Options{})
	if err == nil {
		err = accounts.Add(a, "")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// send sends a text to irker's door.
func send(t *testing.T, b *Bus, network, text string) {
	t.Helper()
	conn, err := net.Dial(network, doorAddr(t, b, "irker", network))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// texts are the stored events by channel, in their order.
func texts(t *testing.T, b *Bus) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := b.store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		all[e.Channel] = append(all[e.Channel], e.Fields.Get("text"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestIrkerDoor: what irker's clients send goes where the rules say, or into the
// publisher's channel of that name; the rest is counted.
func TestIrkerDoor(t *testing.T) {
	b := irkerBus(t)
	for i, text := range []string{
		`{"to":["irc://h/#gpsd","irc://h/gpsd-dev","irc://h/irker"],"privmsg":"both"}`, // no line end, as irkerhook
		`{"to":"irc://h/commits","privmsg":"own"}` + "\n",
		`{"to":["irc://h/unknown","irc://h/esr,isnick","irc://h/lost","irc://h/all"],"privmsg":"` + "\\u000304red\\u000f" + `"}{"to":"irc://h/all","privmsg":null}` + "\nGET / HTTP/1.1\r\n\r\n",
	} {
		send(t, b, []string{"tcp", "udp", "tcp"}[i], text)
		waitFor(t, "the message", func() bool { return b.Doors()[0].Stored == []uint64{2, 3, 4}[i] })
	}
	waitFor(t, "the refusals", func() bool {
		r := b.Doors()[0].Refused
		return r["target"] == 3 && r["malformed"] == 1
	})
	got := texts(t, b)
	if a, b := strings.Join(got["#commits"], " "), strings.Join(got["#irker"], " "); a != "both own" || b != "both red" {
		t.Errorf("%q", got)
	}
}

// TestIrkerMany: of 10,000 messages over TCP none is lost, though nothing is
// acknowledged; of 10,000 over UDP none either, while there is room for them.
func TestIrkerMany(t *testing.T) {
	b := irkerBus(t)
	senders, each := 10, many(1000)
	for s := range senders {
		var all strings.Builder
		for i := range each {
			fmt.Fprintf(&all, `{"to":"irc://h/irker","privmsg":"%d %d"}`+"\n", s, i)
		}
		go func() {
			conn, err := net.Dial("tcp", doorAddr(t, b, "irker", "tcp"))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, all.String()); err != nil {
				t.Error(err)
			}
		}()
	}
	waitFor(t, "all over TCP", func() bool { return b.Doors()[0].Stored == uint64(senders*each) })
	conn, err := net.Dial("udp", doorAddr(t, b, "irker", "udp"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i := range senders * each {
		fmt.Fprintf(conn, `{"to":"irc://h/commits","privmsg":"0 %d"}`, i)
		if i%each == each-1 {
			waitFor(t, "what was sent over UDP", func() bool { return b.Doors()[0].Stored == uint64(senders*each+i+1) })
		}
	}
	got := texts(t, b)
	next := map[string]int{}
	for _, text := range append(got["#irker"], got["#commits"]...) {
		if strings.HasSuffix(text, " 0") {
			next[text[:2]] = 0
		}
		if want := fmt.Sprint(text[:2], next[text[:2]]); text != want {
			t.Fatalf("%q where %q should be", text, want)
		}
		next[text[:2]]++
	}
	if len(got["#irker"]) != senders*each || len(got["#commits"]) != senders*each {
		t.Errorf("%d over TCP, %d over UDP", len(got["#irker"]), len(got["#commits"]))
	}
}
