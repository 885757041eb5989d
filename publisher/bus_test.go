package publisher_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher"
)

// patience is for what takes milliseconds unless the machine is very busy.
const patience = 5 * time.Minute

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

const password = "open sesame"

// testBus is a real bus that can be stopped and started on the same port. It
// has the publisher "wiki", the publisher "other", and the user "reader", all with
// the same password.
type testBus struct {
	t      *testing.T
	config bus.Config
	bus    *bus.Bus
}

func newBus(t *testing.T, change ...func(*bus.Config)) *testBus {
	t.Helper()
	b := &testBus{t: t, config: bus.Config{Data: t.TempDir(), IRC: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler)}}
	for _, f := range change {
		f(&b.config)
	}
	accounts, err := account.Open(filepath.Join(b.config.Data, bus.AccountsFile), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]account.Role{"wiki": account.Publisher, "other": account.Publisher, "reader": account.User} {
		if err := accounts.Add(account.Account{Name: name, Role: role}, password); err != nil {
			t.Fatal(err)
		}
	}
	b.start()
	t.Cleanup(b.stop)
	return b
}

func (b *testBus) start() {
	b.t.Helper()
	running, err := bus.Start(context.Background(), b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	b.bus, b.config.IRC = running, bus.Addresses(running.IRCAddr())
}

func (b *testBus) stop() {
	b.t.Helper()
	if b.bus == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.bus.Stop(ctx); err != nil {
		b.t.Error("stopping the bus:", err)
	}
	b.bus = nil
}

// stored stops the bus and returns everything in its store.
func (b *testBus) stored() (events []ircbus.Event) {
	b.t.Helper()
	b.stop()
	store, err := sqlite.Open(b.t.Context(), filepath.Join(b.config.Data, bus.EventsFile), sqlite.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	defer store.Close()
	err = store.Range(b.t.Context(), history.Query{}, func(e *ircbus.Event) error {
		events = append(events, *e)
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return events
}

// storedPages stops the bus and checks the field "page" of all stored events.
func (b *testBus) storedPages(want []string) {
	b.t.Helper()
	var got []string
	for _, e := range b.stored() {
		got = append(got, e.Fields.Get("page"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("stored events (-want +got):\n%s", diff)
	}
}

func (b *testBus) options(change ...func(*publisher.Options)) publisher.Options {
	o := publisher.Options{Addr: string(b.config.IRC), Account: "wiki", Secret: password, MaxBackoff: 200 * time.Millisecond}
	for _, f := range change {
		f(&o)
	}
	return o
}

func (b *testBus) dial(change ...func(*publisher.Options)) *publisher.Client {
	b.t.Helper()
	c, err := publisher.Dial(soon(b.t), b.options(change...))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { c.Close() })
	return c
}

func spooling(dir string) func(*publisher.Options) {
	return func(o *publisher.Options) { o.Spool = dir }
}

// fields makes fields of keys and values in turn.
func fields(pairs ...string) (f ircbus.Fields) {
	for i := 0; i < len(pairs); i += 2 {
		f = append(f, ircbus.Field{Key: pairs[i], Value: pairs[i+1]})
	}
	return f
}

func page(name string) ircbus.Fields { return fields("page", name) }

func pages(from, to int) (list []string) {
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprint("page", i))
	}
	return list
}

func publish(t *testing.T, c *publisher.Client, name string) ircbus.Receipt {
	t.Helper()
	receipt, err := c.Publish(soon(t), page(name))
	if err != nil {
		t.Fatalf("publishing %s: %v", name, err)
	}
	return receipt
}
