package bus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// patience is how long tests wait for what must happen, for each read and write
// anew: longer than any machine that does other work besides makes them wait.
const patience = 5 * time.Minute

// quiet is a configuration with free ports on loopback, that logs into the test.
func quiet(t testing.TB) Config {
	t.Helper()
	return Config{
		Data: t.TempDir(), IRC: "127.0.0.1:0", HTTP: "127.0.0.1:0",
		Log:    slog.New(slog.NewTextHandler(t.Output(), nil)),
		Limits: Limits{Registration: Age(patience), Ping: Age(patience)},
	}
}

// many is n, or a tenth of it with -short, as under the race detector.
func many(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

func startBus(t testing.TB, c Config) *Bus {
	t.Helper()
	b, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopBus(t, b) })
	return b
}

func stopBus(t testing.TB, b *Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// person is an IRC client that a test drives by hand.
type person struct {
	t testing.TB
	net.Conn
	lines *bufio.Reader
}

func newPerson(t testing.TB, conn net.Conn) *person {
	return &person{t, patient{conn}, bufio.NewReader(patient{conn})}
}

// patient is a connection of which each read and each write may take as long as
// patience.
type patient struct{ net.Conn }

func (p patient) Read(b []byte) (int, error) {
	p.SetReadDeadline(time.Now().Add(patience))
	return p.Conn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	p.SetWriteDeadline(time.Now().Add(patience))
	return p.Conn.Write(b)
}

func connect(t testing.TB, address, nick string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return meet(t, conn, nick)
}

// connectAs logs in with account:password.
func connectAs(t *testing.T, address, nick, secret string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "PASS :"+secret+"\r\n"); err != nil {
		t.Fatal(err)
	}
	return meet(t, conn, nick)
}

func meet(t testing.TB, conn net.Conn, nick string) *person {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	p := newPerson(t, conn)
	p.say("NICK " + nick)
	p.say("USER u 0 * :" + nick)
	p.until(" 376 ", " 422 ")
	return p
}

func (p *person) say(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p, line+"\r\n"); err != nil {
		p.t.Fatal(err)
	}
}

// until reads up to a line with one of the words and returns it.
func (p *person) until(words ...string) string {
	p.t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", words, err)
		}
		for _, word := range words {
			if strings.Contains(line, word) {
				return line
			}
		}
	}
}

func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// waitFor polls a condition that another goroutine brings about.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !holds(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func event(t *testing.T, publisher, query string) ircbus.Event {
	t.Helper()
	fields, err := ircbus.Parse(query)
	if err == nil {
		fields, err = ircbus.Accept(fields, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ircbus.Event{Channel: "#" + publisher, Publisher: publisher, Fields: fields}
}

// TestFromDoorToReaders: what one door brings, every kind of reader gets.
func TestFromDoorToReaders(t *testing.T) {
	c := quiet(t)
	c.Publishers = map[string]Publisher{"Moin": {
		Text: "#moin.changes", Template: "{{.page}} by {{.user}}: {{.url}}",
		Name: "A wiki", PageURL: "https://moin.example.org/{page}",
	}}
	b := startBus(t, c)
	name, channel, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "moin", Interwiki: "Moin", Engine: "moin-1.9"})
	if err != nil || name != "moin" || channel != "#moin" {
		t.Fatal(name, channel, err)
	}
	reader := connect(t, b.IRCAddr(), "reader")
	reader.say("JOIN #moin,#moin.changes")
	reader.until("366 reader #moin.changes ")

	receipts, err := b.Append(t.Context(), []ircbus.Event{event(t, "moin", "page=פתיחה&user=ann&key=1")})
	if err != nil || receipts[0].ID == 0 {
		t.Fatal(receipts, err)
	}
	again, err := b.Append(t.Context(), []ircbus.Event{event(t, "moin", "page=פתיחה&user=ann&key=1")})
	if err != nil || !again[0].Duplicate || again[0].ID != receipts[0].ID {
		t.Fatal(again, err)
	}

	waitFor(t, "the delivery", func() bool { return b.metrics.delivered.Load() >= uint64(receipts[0].ID) })
	reader.say("PING fence")
	seen := ""
	for line := ""; !strings.Contains(line, "PONG"); seen += line {
		line = reader.until("")
	}
	for _, want := range []string{
		fmt.Sprintf(":moin!moin@%s PRIVMSG #moin :id=%d&page=פתיחה&", defaultName, receipts[0].ID),
		"PRIVMSG #moin.changes :פתיחה by ann: https://moin.example.org/",
	} {
		if !strings.Contains(seen, want) {
			t.Errorf("no %q in\n%s", want, seen)
		}
	}
	if _, body := get(t, b.URL()+"/changes?from=-1h&format=json"); !strings.Contains(body, `"page":"פתיחה"`) {
		t.Errorf("changes: %s", body)
	}
	if _, body := get(t, b.URL()+"/wikis/moin?format=json"); !strings.Contains(body, "#moin.changes") || !strings.Contains(body, "moin-1.9") {
		t.Errorf("description: %s", body)
	}
	if status, body := get(t, b.URL()+"/readyz"); status != http.StatusOK {
		t.Errorf("readyz: %d %s", status, body)
	}
	_, metrics := get(t, b.URL()+"/metrics")
	for _, want := range []string{
		`ircbus_events_accepted_total{publisher="moin"} 1`, "ircbus_events_duplicate_total 1",
		"ircbus_irc_connections 1", `ircbus_commit_seconds_bucket{le="+Inf"}`, "ircbus_irc_lag 0", "go_goroutines ",
	} {
		if !strings.Contains(metrics, "\n"+want) {
			t.Errorf("no %q in the metrics:\n%s", want, metrics)
		}
	}
}

// TestProgramNamesItself: people's clients show a program and its version, as of
// other servers.
func TestProgramNamesItself(t *testing.T) {
	b := startBus(t, quiet(t))
	reader := connect(t, b.IRCAddr(), "reader")
	reader.say("VERSION")
	reader.until(":" + defaultName + " 351 reader ircbus-devel " + defaultName + " ")
}

// TestDescriptionsSurvive: what a wiki has told is known after a restart.
func TestDescriptionsSurvive(t *testing.T) {
	c := quiet(t)
	b := startBus(t, c)
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "enwiki", Engine: "mediawiki", Base: "https://en.example.org/"}); err != nil {
		t.Fatal(err)
	}
	// A second look that tells less takes nothing away.
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "enwiki", Interwiki: "en"}); err != nil {
		t.Fatal(err)
	}
	stopBus(t, b)
	b = startBus(t, c)
	wikis := b.directory.wikis()
	if len(wikis) != 1 || wikis[0].Base != "https://en.example.org/" || wikis[0].Interwiki != "en" || wikis[0].Engine != "mediawiki" {
		t.Errorf("%+v", wikis)
	}
	for _, file := range []string{WikisFile, AccountsFile, EventsFile, "lock"} {
		info, err := os.Stat(filepath.Join(c.Data, file))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info.Mode(), err)
		}
	}
}

// TestEnsureNeedsPublisher: a door cannot take a person's name.
func TestEnsureNeedsPublisher(t *testing.T) {
	b := startBus(t, quiet(t))
	if err := b.Accounts().Add(account.Account{Name: "ann", Role: account.User}, ""); err != nil {
		t.Fatal(err)
	}
	_, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "ann"})
	if refusal := (*ircbus.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != ircbus.NotPublisher {
		t.Error(err)
	}
}

// TestNewAccountAtOnce: an account that another process has just made can log
// in and publish without waiting.
func TestNewAccountAtOnce(t *testing.T) {
	c := quiet(t)
	b := startBus(t, c)
	other, err := account.Open(filepath.Join(c.Data, AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Add(account.Account{Name: "moin", Role: account.Publisher}, "right password"); err != nil {
		t.Fatal(err)
	}
	post := func(password string) int {
		request, err := http.NewRequestWithContext(t.Context(), "POST", b.URL()+"/events", strings.NewReader("page=A"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth("moin", password)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if status := post("right password"); status != http.StatusCreated {
		t.Errorf("status %d", status)
	}
	if status := post("wrong password"); status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
	if _, metrics := get(t, b.URL()+"/metrics"); !strings.Contains(metrics, "\n"+`ircbus_logins_total{result="failed"} 1`) {
		t.Errorf("%s", metrics)
	}
	// A removed account's channels go, too.
	if err := other.Remove("moin"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the publisher to go", func() bool { return !b.directory.knows("moin") })
	if _, err := b.appendKnown(t.Context(), []ircbus.Event{event(t, "moin", "page=A")}); err == nil {
		t.Error("a door could publish for a removed account")
	}
}

func TestRetention(t *testing.T) {
	c := quiet(t)
	b := startBus(t, c)
	if _, _, err := b.Ensure(t.Context(), ircbus.Wiki{Publisher: "moin"}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := b.Append(t.Context(), []ircbus.Event{event(t, "moin", "page=A")}); err != nil {
			t.Fatal(err)
		}
	}
	c.Retention = map[string]Retention{"*": {MaxAge: Age(time.Hour)}, "#moin": {MaxCount: 2}}
	if err := b.Reload(c); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "old events to go", func() bool {
		bounds, err := b.store.Bounds(t.Context())
		return err == nil && bounds.Oldest == 4
	})
}
