package subscriber_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/subscriber"
)

// patience is how long tests wait for what must happen.
const patience = 5 * time.Minute

// world is a real bus behind two proxies, so that it can be restarted, replaced
// and cut off at constant addresses.
type world struct {
	t         *testing.T
	irc, http *proxy

	mu  sync.Mutex
	bus *bus.Bus // nil while it is stopped
	dir string
}

// newWorld starts a bus with the publishers moin and other.
func newWorld(t *testing.T) *world {
	w := &world{t: t, irc: newProxy(t), http: newProxy(t), dir: t.TempDir()}
	w.addAccounts()
	w.start()
	t.Cleanup(w.stop)
	return w
}

func (w *world) addAccounts() {
	accounts, err := account.Open(filepath.Join(w.dir, "accounts.json"), account.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range []string{"moin", "other"} {
		if err := accounts.Add(account.Account{Name: name, Role: account.Publisher}, ""); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := accounts.Add(account.Account{Name: "reader", Role: account.User}, "open sesame"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() {
	b, err := bus.Start(context.Background(), bus.Config{
		Data: w.dir, IRC: "127.0.0.1:0", HTTP: "127.0.0.1:0",
		Log: slog.New(slog.DiscardHandler),
		Publishers: map[string]bus.Publisher{"moin": {
			PageURL:    "https://moin.example/{page}",
			DiffURL:    "https://moin.example/{page}?action=diff&rev={rev}",
			HistoryURL: "https://moin.example/{page}?action=info",
		}},
	})
	if err != nil {
		w.t.Error(err)
		return
	}
	w.mu.Lock()
	w.bus = b
	w.mu.Unlock()
	w.irc.point(b.IRCAddr())
	w.http.point(b.HTTPAddr())
}

func (w *world) stop() {
	w.mu.Lock()
	b := w.bus
	w.bus = nil
	w.mu.Unlock()
	if b == nil {
		return
	}
	w.http.cutAll() // what a follower waits for there would keep the bus
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		w.t.Error(err)
	}
}

// publish stores a batch, waiting for a bus that is being restarted.
func (w *world) publish(ctx context.Context, batch ...ircbus.Event) {
	for ctx.Err() == nil {
		w.mu.Lock()
		b := w.bus
		w.mu.Unlock()
		if b != nil {
			if _, err := b.Append(ctx, batch); err == nil {
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	w.t.Error("publishing took too long")
}

// event makes the n-th event of a publisher; every fifth is a long one, every
// seventh has a time of its own.
func event(publisher string, n int) ircbus.Event {
	f := ircbus.Fields{
		{Key: "page", Value: fmt.Sprintf("דף %d", n)},
		{Key: "user", Value: [...]string{"Ann", "Bob", "RoBot"}[n%3]},
		{Key: "rev", Value: fmt.Sprint(n)},
		{Key: "tag", Value: "a&b"}, {Key: "x", Value: ""}, {Key: "tag", Value: "=c"},
		{Key: "key", Value: fmt.Sprint(publisher, n)},
	}
	if n%7 == 0 { // its publisher's own time, which says nothing of when it was accepted
		f = append(f, ircbus.Field{Key: "time", Value: "2020-02-29T12:00:00Z"})
	}
	if n%5 == 0 {
		f = append(f, ircbus.Field{Key: "comment", Value: strings.Repeat("long, שלום + 100% \n", 60)})
	}
	f, err := ircbus.Accept(f, 0)
	if err != nil {
		panic(err)
	}
	return ircbus.Event{Channel: "#" + publisher, Publisher: publisher, Fields: f}
}

// publishAll publishes events from..to-1 one by one.
func (w *world) publishAll(publisher string, from, to int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for n := from; n < to; n++ {
		w.publish(ctx, event(publisher, n))
	}
}

// options follow from an hour ago on.
func (w *world) options() subscriber.Options {
	return subscriber.Options{
		HTTP: "http://" + w.http.addr, IRC: w.irc.addr, From: "-1h",
		Log: slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// stored returns what the bus has of some views, as HTTP gives it.
func (w *world) stored(views ...string) []ircbus.Event {
	w.t.Helper()
	request, err := http.NewRequest("GET", "http://"+w.bus.HTTPAddr()+"/changes?format=ndjson&limit=10000", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	query := request.URL.Query()
	query["channel"] = views
	request.URL.RawQuery = query.Encode()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	var events []ircbus.Event
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e ircbus.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			w.t.Fatalf("%v: %s", err, lines.Bytes())
		}
		events = append(events, e)
	}
	return events
}

// recorder is a handler that remembers everything.
type recorder struct {
	mu     sync.Mutex
	events []ircbus.Event
	gaps   []subscriber.Gap
	more   chan struct{}             // one place: look again
	before func(*ircbus.Event) error // called first; may be nil
}

func newRecorder() *recorder { return &recorder{more: make(chan struct{}, 1)} }

func (r *recorder) Event(_ context.Context, e *ircbus.Event) error {
	if r.before != nil {
		if err := r.before(e); err != nil {
			return err
		}
	}
	r.mu.Lock()
	r.events = append(r.events, *e)
	r.mu.Unlock()
	select {
	case r.more <- struct{}{}:
	default:
	}
	return nil
}

func (r *recorder) Gap(_ context.Context, g subscriber.Gap) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gaps = append(r.gaps, g)
	return nil
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.events)
}

// wait waits until n events have come.
func (r *recorder) wait(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(patience)
	for r.count() < n {
		select {
		case <-r.more:
		case <-timeout:
			t.Fatalf("%d events of %d have come", r.count(), n)
		}
	}
}

// following is a Follow under way.
type following struct {
	stop func()
	done chan error
}

func follow(t *testing.T, o subscriber.Options, h subscriber.Handler, views ...string) *following {
	ctx, cancel := context.WithCancel(context.Background())
	f := &following{stop: cancel, done: make(chan error, 1)}
	go func() { f.done <- subscriber.Follow(ctx, o, views, h) }()
	t.Cleanup(func() { f.end(t) })
	return f
}

// end stops it and checks that it ended by that.
func (f *following) end(t *testing.T) {
	t.Helper()
	f.stop()
	if err := f.result(t); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Follow ended with %v", err)
	}
}

// result waits for the end; nil if it has been asked for before.
func (f *following) result(t *testing.T) error {
	t.Helper()
	select {
	case err, ok := <-f.done:
		if ok {
			close(f.done)
		}
		return err
	case <-time.After(patience):
		t.Fatal("Follow does not end")
		return nil
	}
}

// check compares what came with what is stored: each once, in order, the same
// field by field.
func (r *recorder) check(t *testing.T, stored []ircbus.Event) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range min(len(stored), len(r.events)) {
		if d := cmp.Diff(stored[i], r.events[i]); d != "" {
			t.Fatalf("event %d of %d (-stored +followed):\n%s", i, len(stored), d)
		}
	}
	if len(stored) != len(r.events) {
		t.Errorf("%d events came, %d are stored", len(r.events), len(stored))
	}
}
