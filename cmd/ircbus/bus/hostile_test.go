package bus

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// villain is a client that misbehaves in one way, over and over until its
// connection ends.
type villain struct {
	net.Conn
	name string
	rnd  *rand.Rand
}

// say writes lines; the error comes when the connection has ended.
func (v *villain) say(lines ...string) error {
	_, err := io.WriteString(v, strings.Join(lines, "\r\n")+"\r\n")
	return err
}

// repeat says lines until the connection ends: many at once, and then more than
// the bus takes, but not as fast as this machine can, which is also the bus's.
func (v *villain) repeat(lines func() string) {
	for i := 0; v.say(lines()) == nil; i++ {
		if i > 20 {
			<-time.After(200 * time.Millisecond)
		}
	}
}

func (v *villain) register(caps string) {
	v.say("CAP REQ :"+caps, "NICK "+v.name, "USER v 0 * :v", "CAP END")
}

// read takes what comes and throws it away.
func (v *villain) read() { go io.Copy(io.Discard, v) }

func (v *villain) some(kind string) string { return fmt.Sprint(kind, v.rnd.IntN(50)) }

// talk is the channel where the villain is, with some dozen others.
func (v *villain) talk() string { return "#talk" + v.name[1:2] }

// waits keeps the connection until the other side ends it.
func (v *villain) waits() { io.Copy(io.Discard, v) }

// misdeeds are the ways in which clients misbehave.
var misdeeds = []struct {
	name string
	do   func(*villain)
}{
	{"half open", (*villain).waits},
	{"half a line", func(v *villain) { io.WriteString(v, "NICK "+v.name); v.waits() }},
	{"reads nothing", func(v *villain) {
		v.register("server-time message-tags")
		v.repeat(func() string {
			return "JOIN #moin,#moin.text,#moin?page=*\r\nLIST\r\nNAMES #moin," + v.talk() + "\r\nWHO *"
		})
	}},
	{"flood", func(v *villain) {
		v.register("echo-message")
		v.read()
		v.say("JOIN " + v.talk())
		v.repeat(func() string { return "PRIVMSG " + v.talk() + " :" + strings.Repeat("flood ", 60) })
	}},
	{"giant lines", func(v *villain) {
		v.register("batch")
		v.read()
		v.repeat(func() string {
			return "@" + strings.Repeat("a", 50_000) + " PRIVMSG " + v.talk() + " :" + strings.Repeat("x", 50_000)
		})
	}},
	{"garbage", func(v *villain) {
		v.read()
		garbage := make([]byte, 300)
		v.repeat(func() string {
			for i := range garbage {
				garbage[i] = byte(v.rnd.Uint32())
			}
			return string(garbage)
		})
	}},
	{"joins and parts", func(v *villain) {
		v.register("extended-join account-tag")
		v.read()
		v.repeat(func() string {
			c := v.some("#storm")
			return "JOIN " + c + "\r\nPART " + c + "\r\nJOIN " + v.talk() + "\r\nPART " + v.talk()
		})
	}},
	{"capabilities", func(v *villain) {
		v.register("server-time")
		v.read()
		v.say("JOIN #moin,#moin.text,#moin?page=a*")
		v.repeat(func() string {
			return "CAP LS 302\r\nCAP REQ :server-time message-tags\r\nCAP REQ :-server-time batch -message-tags\r\nCAP LIST"
		})
	}},
	{"filters", func(v *villain) {
		v.register("message-tags")
		v.read()
		v.repeat(func() string {
			view := fmt.Sprintf("#moin?page=*%x*&user=!*%x*", v.rnd.Uint32(), v.rnd.Uint32())
			return "JOIN " + view + "\r\nJOIN #moin?comment=" + v.some("*a*b*c*d*e*")
		})
	}},
	{"unfinished logins", func(v *villain) {
		v.read()
		v.say("CAP REQ sasl")
		v.repeat(func() string { return "AUTHENTICATE PLAIN\r\nAUTHENTICATE " + strings.Repeat("A", 400) })
	}},
	{"wrong passwords", func(v *villain) {
		v.read()
		v.say("CAP REQ sasl")
		v.repeat(func() string { return "AUTHENTICATE PLAIN\r\nAUTHENTICATE bW9pbgBtb2luAHdyb25n" })
	}},
	{"open batches", func(v *villain) {
		v.register("batch draft/multiline message-tags labeled-response")
		v.read()
		v.repeat(func() string {
			return "@label=x BATCH +r draft/multiline " + v.talk() + "\r\n@batch=r PRIVMSG " + v.talk() + " :" + strings.Repeat("x", 400)
		})
	}},
	{"questions", func(v *villain) {
		v.register("multi-prefix userhost-in-names")
		v.read()
		v.say("JOIN " + v.talk() + ",#moin")
		v.repeat(func() string {
			return "LIST\r\nWHO *\r\nWHO " + v.talk() + " %tcuihsnfdlaor,1\r\nNAMES " + v.talk() + ",#moin\r\nWHOIS moin\r\nLUSERS\r\nHELP\r\nMOTD"
		})
	}},
	{"nicks and topics", func(v *villain) {
		v.register("account-notify")
		v.read()
		v.say("JOIN " + v.talk() + "," + v.some("#storm"))
		v.repeat(func() string {
			return "NICK " + v.some("n") + "\r\nNICK " + v.name + "\r\nTOPIC " + v.talk() + " :x\r\nMODE " + v.talk() + " +b " + v.some("x")
		})
	}},
	{"history", func(v *villain) {
		v.register("batch server-time message-tags draft/chathistory draft/event-playback")
		v.read()
		v.say("JOIN #moin," + v.talk())
		v.repeat(func() string {
			return "CHATHISTORY LATEST #moin?page=none* * 100\r\nCHATHISTORY LATEST " + v.talk() + " * 100"
		})
	}},
	{"comes and goes", func(v *villain) {
		v.say("NICK "+v.name, "USER v 0 * :v", "JOIN #moin,"+v.talk()+","+v.some("#storm"))
		v.Conn.(*net.TCPConn).SetLinger(0)
	}},
}

// mobVar tells the test program, in its environment, to be a mob: the addresses
// for IRC with and without TLS, and of how many villains.
const mobVar = "IRCBUS_TEST_MOB"

func TestMain(m *testing.M) {
	if task := os.Getenv(mobVar); task != "" {
		riot(task)
		return
	}
	if address := os.Getenv(scribeVar); address != "" {
		write(address)
		return
	}
	if task := os.Getenv(aloneVar); task != "" {
		standAlone(task)
		return
	}
	os.Exit(m.Run())
}

// gather begins a mob in a process of its own, since it is not the bus's work to
// misbehave, and returns when each of n villains has begun. The function that it
// returns ends them.
func gather(t testing.TB, b *Bus, n int) (scatter func()) {
	cmd := exec.Command("nice", "-n", "19", os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", mobVar, b.IRCAddr(), b.IRCTLSAddr(), n))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scatter = sync.OnceFunc(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	t.Cleanup(scatter)
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
		t.Fatalf("the mob says %q, %v", line, err)
	}
	return scatter
}

// riot is what the mob's process does until it is killed.
func riot(task string) {
	var plain, secure string
	var n int
	fmt.Sscan(task, &plain, &secure, &n)
	var begun, forever sync.WaitGroup
	begun.Add(n)
	for i := range n {
		address := plain
		if i%7 == 0 { // most of what they send is garbage there
			address = secure
		}
		forever.Go(func() { misbehave(i, address, sync.OnceFunc(begun.Done)) })
	}
	begun.Wait()
	fmt.Println("begun")
	forever.Wait()
}

// misbehave comes again and again, after a second.
func misbehave(i int, address string, begun func()) {
	rnd := rand.New(rand.NewPCG(7, uint64(i)))
	for again := 0; ; again++ {
		conn, err := net.Dial("tcp", address)
		begun()
		if err == nil {
			misdeeds[i%len(misdeeds)].do(&villain{conn, fmt.Sprintf("v%dx%d", i, again), rnd})
			conn.Close()
		}
		<-time.After(time.Second)
	}
}

// author publishes on a connection, one event after the other.
type author struct {
	t testing.TB
	net.Conn
	lines *bufio.Reader
	n     int
}

func newAuthor(t testing.TB, b *Bus) *author { return authorAt(t, b.IRCAddr()) }

func authorAt(t testing.TB, address string) *author {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a := &author{t: t, Conn: conn, lines: bufio.NewReader(conn)}
	a.say("CAP REQ :batch labeled-response echo-message message-tags", "PASS :moin:right password", "NICK x", "USER x 0 * :x", "CAP END")
	a.until(" 422 ")
	return a
}

func (a *author) say(lines ...string) {
	if _, err := io.WriteString(a, strings.Join(lines, "\r\n")+"\r\n"); err != nil {
		a.t.Fatal(err)
	}
}

func (a *author) until(word string) string {
	a.SetReadDeadline(time.Now().Add(patience))
	for {
		line, err := a.lines.ReadString('\n')
		if err != nil {
			a.t.Fatalf("waiting for %q: %v", word, err)
		}
		if strings.Contains(line, word) {
			return line
		}
	}
}

// publish publishes one event and returns how long the acknowledgement took.
func (a *author) publish() time.Duration {
	a.n++
	label := fmt.Sprintf("@label=n%d;", a.n)
	start := time.Now()
	a.say(fmt.Sprintf("@label=n%d PRIVMSG #moin :page=P%d&user=Anna&comment=hello", a.n, a.n))
	if line := a.until(label); !strings.Contains(line, ";msgid=") {
		a.t.Fatalf("event %d: %s", a.n, line)
	}
	return time.Since(start)
}

// hostileBus is a bus with the publisher moin, a certificate, and one who reads
// along.
func hostileBus(t testing.TB) (*Bus, *author) {
	c := quiet(t)
	c.Log = slog.New(slog.DiscardHandler)
	c.IRCTLS, c.Cert, c.Key = "127.0.0.1:0", c.Data+"/cert.pem", c.Data+"/key.pem"
	writeCertificate(t, c.Cert, c.Key, 1)
	b := startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "moin", Role: account.Publisher}, "right password"); err != nil {
		t.Fatal(err)
	}
	return b, newAuthor(t, b)
}

// checkStored holds what the store has against what the author published.
func checkStored(t testing.TB, b *Bus, a *author) {
	n := 0
	err := b.store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		n++
		if want := fmt.Sprint("P", n); e.Fields.Get("page") != want {
			return fmt.Errorf("event %d is %s, not %s", e.ID, e.Fields.Encode(), want)
		}
		return nil
	})
	if err != nil || n != a.n {
		t.Errorf("%d of %d events are stored: %v", n, a.n, err)
	}
}

// TestHostile: while clients misbehave in every way at once, each event that is
// published is acknowledged and stored, in order, and seen by who follows. When
// they have gone, nobody is left.
func TestHostile(t *testing.T) {
	b, a := hostileBus(t)
	reader := connect(t, b.IRCAddr(), "reader")
	reader.say("JOIN #moin")
	reader.until(" 366 ")
	scatter := gather(t, b, 3*len(misdeeds))
	for range 100 {
		a.publish()
	}
	for i := range a.n {
		if want := fmt.Sprintf("&page=P%d&", i+1); !strings.Contains(reader.until(" PRIVMSG #moin "), want) {
			t.Errorf("the reader did not get %s", want)
		}
	}
	scatter()
	checkStored(t, b, a)
	waitFor(t, "them to be gone", func() bool { return b.irc.Stats().Connections == 2 })
}

// BenchmarkHostile measures how long the acknowledgement of a published event
// takes while 1,000 clients misbehave, and reports the ratio to what it took
// before they came; and the same of commits with the database alone, in a process
// that has nothing to do with the bus: for the clients have to share this machine.
func BenchmarkHostile(b *testing.B) {
	bus, a := hostileBus(b)
	s := newScribe(b, bus)
	var times, commits []time.Duration
	one := func() {
		commits = append(commits, s.commit(1)...)
		times = append(times, s.publish(1)...)
	}
	for range 500 {
		one()
	}
	quiet, quietCommit := median(times), median(commits)
	gather(b, bus, 1000)
	times, commits = nil, nil
	for b.Loop() {
		one()
	}
	hostile, hostileCommit := median(times), median(commits)
	a.n = s.n
	for name, d := range map[string]time.Duration{
		"µs-quiet": quiet, "µs-hostile": hostile, "µs-hostile-p99": times[len(times)*99/100],
		"µs-disk-quiet": quietCommit, "µs-disk-hostile": hostileCommit,
	} {
		b.ReportMetric(float64(d.Microseconds()), name)
	}
	b.ReportMetric(float64(hostile)/float64(quiet), "ratio")
	b.ReportMetric(float64(hostileCommit)/float64(quietCommit), "ratio-disk")
	checkStored(b, bus, a)
}

// median returns the middle of times, which it sorts.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
