package ircd

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// patience is how long a test waits for what must happen: for each read anew, and
// longer than any machine that does other work besides makes it wait.
const patience = 5 * time.Minute

// atSomePace runs a test of a limit in time, which a busy machine may not keep to
// by itself, with ever longer ones until it passes. The test returns what is wrong.
func atSomePace(t *testing.T, limit time.Duration, test func(time.Duration) error) {
	t.Helper()
	for ; ; limit *= 4 {
		err := test(limit)
		switch {
		case err == nil:
			return
		case limit > patience:
			t.Fatal(err)
		}
		t.Logf("with %v: %v", limit, err)
	}
}

// bus is a server under test with the smallest store there can be: events are
// kept in memory and delivered as soon as they are stored.
type bus struct {
	*Server
	t      testing.TB
	addr   string
	secure bool // TLS is spoken there
	pipes  bool // dial makes pipes, in whose bubble time can stand still

	mu     sync.Mutex
	events []ircbus.Event
	keys   map[string]ircbus.Receipt
	fail   error // what the store answers instead

	open []net.Conn // what dial has opened
}

var day = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func (b *bus) append(_ context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return nil, b.fail
	}
	var receipts []ircbus.Receipt
	first := len(b.events)
	for _, e := range batch {
		key := ircbus.Fold(e.Publisher) + " " + e.Fields.Get("key")
		if r, ok := b.keys[key]; ok && e.Fields.Has("key") {
			r.Duplicate = true
			receipts = append(receipts, r)
			continue
		}
		e.ID = ircbus.ID(len(b.events) + 1)
		e.At = day.Add(time.Duration(e.ID) * time.Second)
		if !e.Fields.Has("time") {
			e.Fields = append(e.Fields[:len(e.Fields):len(e.Fields)], ircbus.Field{Key: "time", Value: ircbus.FormatTime(e.At)}).Canonical()
		}
		b.events = append(b.events, e)
		r := ircbus.Receipt{ID: e.ID, At: e.At}
		b.keys[key] = r
		receipts = append(receipts, r)
	}
	b.Deliver(b.events[first:])
	return receipts, nil
}

// redact removes an event, whole or not, as a store does.
func (b *bus) redact(_ context.Context, r ircbus.Redaction) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.events, func(e ircbus.Event) bool { return e.ID == r.Target && e.Channel == r.Channel && len(e.Fields) > 0 })
	switch {
	case b.fail != nil:
		return b.fail
	case i < 0:
		return ircbus.Refuse(ircbus.NoSuchEvent, "there is no event %d here", r.Target)
	case !r.Operator && r.By != b.events[i].Publisher:
		return ircbus.Refuse(ircbus.NotPublisher, "only its publisher or an operator may redact it")
	}
	e := &b.events[i]
	e.Fields = e.Fields.Without(r.Names...)
	tombstone := ircbus.Event{ID: ircbus.ID(len(b.events) + 1), Channel: e.Channel, Publisher: e.Publisher, Fields: r.Tombstone()}
	tombstone.At = day.Add(time.Duration(tombstone.ID) * time.Second)
	b.events = append(b.events, tombstone)
	b.Deliver(b.events[tombstone.ID-1:])
	return nil
}

// read answers what people ask about the past.
func (b *bus) read(_ context.Context, q EventQuery, fn func(*ircbus.Event) error) error {
	b.mu.Lock()
	events := slices.Clone(b.events)
	b.mu.Unlock()
	if q.Desc {
		slices.Reverse(events)
	}
	n := 0
	for i := range events {
		e := &events[i]
		switch {
		case !q.View.Match(e), e.ID <= q.After, q.Until > 0 && e.ID > q.Until,
			!q.From.IsZero() && e.At.Before(q.From), !q.To.IsZero() && !e.At.Before(q.To):
			continue
		}
		if n++; q.Limit > 0 && n > q.Limit {
			break
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

func login(_ context.Context, name, secret string, _ netip.Addr) (Account, error) {
	if secret != "secret" {
		return Account{}, errors.New("wrong account or password")
	}
	return Account{Name: strings.ToLower(name), Operator: strings.HasPrefix(name, "oper")}, nil
}

func line(e *ircbus.Event, max int) string {
	if r, ok := e.Redacts(); ok {
		return cut(r.String(), max)
	}
	text := fmt.Sprintf("[[%s]] by %s: %s", e.Fields.Get("page"), e.Fields.Get("user"), e.Fields.Get("comment"))
	return cut(text, max)
}

func wiki(name string, feeds ...ircbus.Feed) Publisher {
	feeds = append([]ircbus.Feed{{Channel: "#" + name, Text: "#" + name + ".text"}}, feeds...)
	return Publisher{Wiki: ircbus.Wiki{Publisher: name, Name: name + " wiki", Feeds: feeds}, Line: line}
}

// newBus starts a server with the publishers moin and pmwiki.
func newBus(t testing.TB, change ...func(*Config)) *bus {
	t.Helper()
	b := makeBus(t, change...)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- b.Serve(l) }()
	t.Cleanup(func() {
		b.shutDown()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return b
}

// newPipeBus is newBus without sockets, for tests in a bubble of synctest.
func newPipeBus(t testing.TB, change ...func(*Config)) *bus {
	t.Helper()
	b := makeBus(t, change...)
	b.pipes = true
	t.Cleanup(b.shutDown)
	return b
}

func (b *bus) shutDown() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Shutdown(ctx, "The test is over"); err != nil {
		b.t.Errorf("shutdown: %v", err)
	}
}

// pipe is one end of a connection, of which the other comes from loopback.
type pipe struct{ net.Conn }

func (pipe) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func makeBus(t testing.TB, change ...func(*Config)) *bus {
	t.Helper()
	b := &bus{t: t, keys: make(map[string]ircbus.Receipt)}
	cfg := Config{
		Name: "irc.test", Network: "TestNet", Version: "ircbus-test", HTTP: "http://irc.test:8667",
		Admin:  []string{"Somewhere", "admin@irc.test"},
		Append: b.append, Events: b.read, Redact: b.redact, Login: login,
		Limits: Limits{Burst: 1 << 20, Registration: patience, Ping: patience},
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if b.Server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	b.SetPublishers([]Publisher{wiki("moin"), wiki("pmwiki", ircbus.Feed{Channel: "#antispam"})})
	return b
}

// newTLSBus is newBus, to which dial connects over TLS.
func newTLSBus(t testing.TB, change ...func(*Config)) *bus {
	t.Helper()
	b := newBus(t, change...)
	l, err := listenTLS(&tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	if err != nil {
		t.Fatal(err)
	}
	b.addr, b.secure = l.Addr().String(), true
	go b.Serve(l)
	return b
}

// overBoth runs a test without TLS and with it.
func overBoth(t *testing.T, test func(*testing.T, func(testing.TB, ...func(*Config)) *bus)) {
	t.Run("plain", func(t *testing.T) { test(t, newBus) })
	t.Run("TLS", func(t *testing.T) { test(t, newTLSBus) })
}

// user is a raw IRC connection.
type user struct {
	t     testing.TB
	nc    net.Conn
	r     *bufio.Reader
	pings int
}

func (b *bus) dial() *user {
	b.t.Helper()
	if b.pipes {
		ours, theirs := net.Pipe()
		b.ServeConn(pipe{theirs})
		return newUser(b.t, ours)
	}
	nc, err := net.Dial("tcp", b.addr)
	if err != nil {
		b.t.Fatal(err)
	}
	if b.secure {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	b.mu.Lock()
	b.open = append(b.open, nc)
	b.mu.Unlock()
	return newUser(b.t, nc)
}

// hangUp closes everything that dial has opened.
func (b *bus) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, nc := range b.open {
		nc.Close()
	}
	b.open = nil
}

func newUser(t testing.TB, nc net.Conn) *user {
	t.Cleanup(func() { nc.Close() })
	return &user{t: t, nc: nc, r: bufio.NewReader(nc)}
}

// user registers a person, with capabilities, up to the end of the greeting.
func (b *bus) user(nick string, caps ...string) *user {
	b.t.Helper()
	u := b.dial()
	if len(caps) > 0 {
		u.send("CAP REQ :" + strings.Join(caps, " "))
	}
	u.send("NICK "+nick, "USER "+nick+" 0 * :Real "+nick)
	if len(caps) > 0 {
		u.send("CAP END")
	}
	u.until(" 422 ")
	return u
}

// publisher logs in with SASL.
func (b *bus) publisher(account string, caps ...string) *user {
	b.t.Helper()
	u := b.dial()
	u.send("CAP REQ :sasl "+strings.Join(caps, " "), "NICK x", "USER x 0 * :x", "AUTHENTICATE PLAIN")
	u.until("AUTHENTICATE +")
	u.send("AUTHENTICATE "+plain(account, "secret"), "CAP END")
	u.until(" 422 ")
	return u
}

func (u *user) send(lines ...string) {
	u.t.Helper()
	u.raw(strings.Join(lines, "\r\n") + "\r\n")
}

func (u *user) raw(bytes string) {
	u.t.Helper()
	u.nc.SetWriteDeadline(time.Now().Add(patience))
	if _, err := u.nc.Write([]byte(bytes)); err != nil {
		u.t.Fatalf("writing %q: %v", bytes, err)
	}
}

// line reads the next line.
func (u *user) line() string {
	u.t.Helper()
	u.nc.SetReadDeadline(time.Now().Add(patience))
	line, err := u.r.ReadString('\n')
	if err != nil {
		u.t.Fatalf("reading: %v (so far %q)", err, line)
	}
	return strings.TrimSuffix(line, "\r\n")
}

// until reads lines up to one that contains part.
func (u *user) until(part string) []string {
	u.t.Helper()
	var lines []string
	for {
		line := u.line()
		lines = append(lines, line)
		if strings.Contains(line, part) {
			return lines
		}
		if strings.HasPrefix(line, "ERROR ") {
			u.t.Fatalf("waiting for %q: %s", part, line)
		}
	}
}

// fence returns everything that comes before the answer to a PING.
func (u *user) fence() []string {
	u.t.Helper()
	u.pings++
	token := fmt.Sprintf("fence%d", u.pings)
	u.send("PING " + token)
	lines := u.until("PONG irc.test " + token)
	return lines[:len(lines)-1]
}

func plain(account, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(account + "\x00" + account + "\x00" + secret))
}
