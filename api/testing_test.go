package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
)

// patience is how long a test waits for what must happen.
const patience = 5 * time.Minute

var testWikis = []ircbus.Wiki{
	{
		Publisher: "moinmaster", Name: "מואין <Master>", Interwiki: "MoinMaster", Engine: "moin-1.9", Base: "https://moin.example/",
		PageURL: "https://moin.example/{page}", DiffURL: "https://moin.example/{page}?action=diff&rev={rev}",
		HistoryURL: "https://moin.example/{page}?action=info",
		Feeds:      []ircbus.Feed{{Channel: "#moinmaster", Text: "#moinmaster.text"}, {Channel: "#antispam", Text: "#antispam.text"}},
	},
	{Publisher: "enwiki", Engine: "mediawiki", Feeds: []ircbus.Feed{{Channel: "#enwiki", Text: "#en.wikipedia"}}},
}

// bus is the real handler on a real socket over a real store.
type bus struct {
	t     testing.TB
	store *sqlite.Store
	api   *Handler
	url   string
	path  string // of the store

	mu      sync.Mutex
	refused []ircbus.Code // guarded by mu
}

// clock gives the store times that a test knows: one second apart.
func clock() func() time.Time {
	var mu sync.Mutex
	now := time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return now
	}
}

func startBus(t testing.TB, change func(*Config)) *bus {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	path := filepath.Join(t.TempDir(), "events.db")
	store, err := sqlite.Open(context.Background(), path, sqlite.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := startOver(t, store, change)
	b.path = path
	return b
}

// restart serves the same events from a store that has nothing in memory.
func (b *bus) restart() *bus {
	b.t.Helper()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	store, err := sqlite.Open(context.Background(), b.path, sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { store.Close() })
	return startOver(b.t, store, nil)
}

func startOver(t testing.TB, store *sqlite.Store, change func(*Config)) *bus {
	t.Helper()
	b := &bus{t: t, store: store}
	config := Config{
		Log: store, Index: store, Login: b.login, LoginToken: b.loginToken,
		Operator: func(account string) bool { return account == "root" },
		Wikis:    func() []ircbus.Wiki { return testWikis }, Refused: b.count,
		Name: "Testbus", Version: "1.0", IRC: "irc.example:6667", Logger: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&config)
	}
	api, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	b.api = api
	server := httptest.NewServer(api)
	b.url = server.URL
	t.Cleanup(func() {
		api.Close()
		server.Close()
	})
	return b
}

type laterError struct{ error }

func (laterError) RetryAfter() time.Duration { return 1500 * time.Millisecond }

func (b *bus) login(_ context.Context, name, secret string, from netip.Addr) (string, ircbus.Scope, error) {
	switch {
	case !from.IsLoopback():
		return "", "", fmt.Errorf("login from %v", from)
	case name == "slow":
		return "", "", laterError{errors.New("too many failed logins: try again in 1.5s")}
	case secret != "secret of "+name:
		return "", "", errors.New("the account or the password is wrong")
	}
	return name, "", nil
}

func (b *bus) loginToken(_ context.Context, token string, _ netip.Addr) (string, ircbus.Scope, error) {
	if scope, ok := strings.CutPrefix(token, "token to "); ok {
		return "moinmaster", ircbus.Scope(scope), nil
	}
	if token != "token" {
		return "", "", errors.New("the token is wrong")
	}
	return "moinmaster", "", nil
}

func (b *bus) count(code ircbus.Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = append(b.refused, code)
}

// publish stores events of moinmaster, each a query string.
func (b *bus) publish(queries ...string) []ircbus.Receipt {
	return b.publishIn("moinmaster", "#moinmaster", queries...)
}

func (b *bus) publishIn(publisher, channel string, queries ...string) []ircbus.Receipt {
	b.t.Helper()
	batch := make([]ircbus.Event, len(queries))
	for i, query := range queries {
		fields, err := ircbus.Parse(query)
		if err != nil {
			b.t.Fatal(err)
		}
		if fields, err = ircbus.Accept(fields, 0); err != nil {
			b.t.Fatal(err)
		}
		batch[i] = ircbus.Event{Channel: channel, Publisher: publisher, Fields: fields}
	}
	receipts, err := b.store.Append(context.Background(), batch)
	if err != nil {
		b.t.Fatal(err)
	}
	return receipts
}

// retain keeps only the newest events of a channel.
func (b *bus) retain(channel string, keep int) {
	b.t.Helper()
	if _, err := b.store.Retain(context.Background(), []history.Retention{{Channel: channel, MaxCount: keep}}); err != nil {
		b.t.Fatal(err)
	}
}

// answer is a whole response.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; headers are pairs of name and value.
func (b *bus) do(method, path string, body []byte, headers ...string) answer {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	address := path
	if path[0] == '/' {
		address = b.url + path
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer{response.StatusCode, response.Header, content}
}

func (b *bus) get(path string, headers ...string) answer {
	b.t.Helper()
	return b.do("GET", path, nil, headers...)
}

// changes is the JSON answer of GET /changes.
type changes struct {
	Epoch        string
	Head, Oldest ircbus.ID
	Next         *string
	Gap          bool
	Events       []ircbus.Event
}

func (b *bus) changes(path string) (c changes) {
	b.t.Helper()
	a := b.get(path, "Accept", "application/json")
	if a.status != 200 {
		b.t.Fatalf("GET %s: %d %s", path, a.status, a.body)
	}
	decode(b.t, a, &c)
	return c
}

func decode(t testing.TB, a answer, to any) {
	t.Helper()
	if err := json.Unmarshal(a.body, to); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// problem checks that the answer is a problem of that status.
func problem(t testing.TB, a answer, status int) (p Problem) {
	t.Helper()
	if a.status != status || a.header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("got %d %s %s, want a problem with %d", a.status, a.header.Get("Content-Type"), a.body, status)
	}
	decode(t, a, &p)
	if p.Status != status || p.Detail == "" || p.Title == "" {
		t.Errorf("incomplete problem %s", a.body)
	}
	return p
}

func ids(events []ircbus.Event) (ids []ircbus.ID) {
	for _, e := range events {
		ids = append(ids, e.ID)
	}
	return ids
}
