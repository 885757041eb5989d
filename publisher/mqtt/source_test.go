package mqtt

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/publisher/door"
)

const waitFor = 2 * time.Minute

// broker is one that publishes for a test.
type broker struct {
	t       *testing.T
	server  *mochi.Server
	address string
}

func startBroker(t *testing.T, rules auth.AuthRules) *broker {
	t.Helper()
	b := &broker{t: t, server: mochi.New(&mochi.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.address = "mqtt://" + listener.Addr().String()
	var hook mochi.Hook = new(auth.AllowHook)
	var options any
	if rules != nil {
		hook, options = new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{Auth: rules}}
	}
	if err := b.server.AddHook(hook, options); err != nil {
		t.Fatal(err)
	}
	if err := b.server.AddListener(listeners.NewNet("tests", listener)); err != nil {
		t.Fatal(err)
	}
	if err := b.server.Serve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.server.Close() })
	return b
}

func (b *broker) publish(topic, payload string, retain bool) {
	b.t.Helper()
	if err := b.server.Publish(topic, []byte(payload), retain, 1); err != nil {
		b.t.Fatal(err)
	}
}

// hangUp ends all connections of clients.
func (b *broker) hangUp() {
	for _, client := range b.server.Clients.GetAll() {
		if !client.Net.Inline {
			client.Stop(fmt.Errorf("the test hangs up"))
		}
	}
}

// bus is a log of events and the door's way to it.
type bus struct {
	t     *testing.T
	store *sqlite.Store
	in    *door.Inlet
	away  atomic.Bool
}

func newBus(t *testing.T) *bus {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := &bus{t: t, store: store}
	b.in = door.New("mqtt", door.Bus{
		Append: func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			if b.away.Load() {
				return nil, ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
			}
			return store.Append(ctx, batch)
		},
		Feed: func(account, _ string) (string, error) { return "#" + account, nil },
	})
	return b
}

// run lets the door work, and returns how to end it.
func (b *bus) run(cfg Config) (stop func()) {
	cfg.Account, cfg.ClientID, cfg.QoS = "mqtt", "bus", 1
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(b.in, cfg).Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Error(err)
		}
	}
}

func (b *bus) until(what string, holds func() bool) {
	b.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(waitFor); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain for %s: %+v", what, b.in.Report())
		}
	}
}

func (b *bus) comments() (all []string) {
	b.t.Helper()
	err := b.store.Range(b.t.Context(), history.Query{}, func(e *ircbus.Event) error {
		all = append(all, e.Fields.Get("comment"))
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// subscribed waits until the broker has the bus as a subscriber.
func (b *bus) subscribed(of *broker, topic string) {
	b.t.Helper()
	b.until("the subscription", func() bool {
		client, known := of.server.Clients.Get("bus")
		return known && !client.Closed() && len(of.server.Topics.Subscribers(topic).Subscriptions) == 1
	})
}

// TestMessages: each message is stored once and in its order, over connections that
// end, a bus that is away, and a disk that is full; what the broker had from before is
// passed over.
func TestMessages(t *testing.T) {
	from, b := startBroker(t, nil), newBus(t)
	from.publish("home/a", "old", true)
	cfg := Config{Broker: from.address, Topics: []string{"home/+", "alerts/#"}}
	stop := b.run(cfg)
	b.subscribed(from, "home/a")
	var want []string
	say := func(n int) {
		for range n {
			text := fmt.Sprint("message ", len(want))
			from.publish([]string{"home/a", "alerts/x/y", "home/b"}[len(want)%3], text, false)
			want = append(want, text)
		}
	}
	stored := func() {
		t.Helper()
		b.until("the messages", func() bool { return b.in.Report().Stored >= uint64(len(want)) })
	}
	from.publish("other", "not for us", false)
	say(100)
	stored()
	from.hangUp()
	b.subscribed(from, "home/a")
	say(10)
	stored()
	stop()
	say(10) // kept by the broker
	stop = b.run(cfg)
	stored()
	b.subscribed(from, "home/a")
	b.away.Store(true)
	say(10)
	b.until("the trouble", func() bool { return b.in.Report().LastTrouble != nil })
	b.away.Store(false)
	stored()
	stop()
	got := b.comments()
	if fmt.Sprint(got[:110]) != fmt.Sprint(want[:110]) {
		t.Errorf("the order is %q", got[:110])
	}
	slices.Sort(got) // what this broker keeps for who is away comes in no order
	slices.Sort(want)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("stored are %d of %d messages: %q", len(got), len(want), got)
	}
}

// TestRetained: what the broker has from before comes if it is wanted, and says so.
func TestRetained(t *testing.T) {
	from, b := startBroker(t, nil), newBus(t)
	from.publish("a", "old", true)
	defer b.run(Config{Broker: from.address, Topics: []string{"#"}, Retained: true})()
	b.until("the old message", func() bool { return b.in.Report().Stored == 1 })
}

// TestLogin: a broker that wants a password gets it, and one that refuses is told of.
func TestLogin(t *testing.T) {
	from := startBroker(t, auth.AuthRules{{Username: "bus", Password: "secret of the bus", Allow: true}})
	b := newBus(t)
	password := func() (string, error) { return "secret of the bus", nil }
	stop := b.run(Config{Broker: from.address, Topics: []string{"a"}, Username: "bus", Password: password})
	b.subscribed(from, "a")
	stop()
	defer b.run(Config{Broker: from.address, Topics: []string{"a"}, Username: "bus", Password: func() (string, error) { return "wrong", nil }})()
	b.until("the refusal", func() bool { return b.in.Report().LastTrouble != nil })
}
