package publisher_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bus"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher"
)

func TestPublish(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	f := fields("wiki", "MoinMaster", "page", "פתיחה", "action", "SAVE", "user", "פלוני אלמוני",
		"time", "2026-11-20T10:00:00Z", "comment", "a&b=c;#\r\nend", "key", "k1")
	receipt, err := c.Publish(soon(t), f)
	if err != nil || receipt.ID == 0 || receipt.Duplicate {
		t.Fatalf("Publish = %+v, %v", receipt, err)
	}
	again, err := c.Publish(soon(t), f)
	if want := (ircbus.Receipt{ID: receipt.ID, At: receipt.At, Duplicate: true}); err != nil || again != want {
		t.Errorf("with the same key again: %+v, %v, want %+v", again, err, want)
	}
	if c.Trouble() != nil || c.Spooled() != 0 {
		t.Errorf("trouble %v, %d spooled", c.Trouble(), c.Spooled())
	}
	want := []ircbus.Event{{ID: receipt.ID, At: receipt.At, Channel: "#wiki", Publisher: "wiki", Fields: f}}
	if diff := cmp.Diff(want, b.stored()); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestPublishLongEvent(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	comment := func(i int) string { return strings.Repeat("שלום עולם & עוד, ", 400-i) }
	var wg sync.WaitGroup
	for i := range 20 { // parts of several events must not be mixed up
		wg.Go(func() {
			if r, err := c.Publish(soon(t), fields("rev", strconv.Itoa(i), "comment", comment(i))); err != nil || r.ID == 0 {
				t.Errorf("Publish = %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	events := b.stored()
	if len(events) != 20 {
		t.Fatalf("%d events stored, want 20", len(events))
	}
	for _, e := range events {
		i, _ := strconv.Atoi(e.Fields.Get("rev"))
		if got := e.Fields.Get("comment"); got != comment(i) {
			t.Errorf("comment of %d has %d bytes, want %d", i, len(got), len(comment(i)))
		}
	}
}

func TestPublishManyAtOnce(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	const n = 1000
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if r, err := c.Publish(soon(t), page(fmt.Sprint("page", i))); err != nil || r.ID == 0 {
				t.Errorf("Publish = %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	var got []string
	for _, e := range b.stored() {
		got = append(got, e.Fields.Get("page"))
	}
	want := pages(0, n)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestSubmitKeepsOrder(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	var sent []*publisher.Pending
	for _, name := range pages(0, 2000) {
		p, err := c.Submit(soon(t), "#wiki", page(name))
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, p)
	}
	for _, p := range sent {
		if r, err := p.Wait(soon(t)); err != nil || r.ID == 0 {
			t.Fatalf("Wait = %+v, %v", r, err)
		}
	}
	b.storedPages(pages(0, 2000))
}

func TestFinalRefusals(t *testing.T) {
	b := newBus(t)
	c := b.dial()
	reader := b.dial(func(o *publisher.Options) { o.Account, o.Channel = "reader", "#wiki" })
	for _, tt := range []struct {
		name    string
		client  *publisher.Client
		channel string
		fields  ircbus.Fields
		want    ircbus.Code
	}{
		{"reserved field", c, "#wiki", fields("id", "1"), ircbus.InvalidEvent},
		{"too large", c, "#wiki", fields("page", strings.Repeat("x", 20000)), ircbus.EventTooLarge},
		{"long event with a long key", c, "#wiki", fields("page", strings.Repeat("x", 600), "key", strings.Repeat("k", 100)), ircbus.InvalidEvent},
		{"another's channel", c, "#other", page("x"), ircbus.NotPublisher},
		{"another's channel, in parts", c, "#other", page(strings.Repeat("x", 2000)), ircbus.NotPublisher},
		{"a channel that is none", c, "wiki", page("x"), ircbus.InvalidEvent},
		{"not a publisher", reader, "#wiki", page("x"), ircbus.NotPublisher},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.client.PublishTo(soon(t), tt.channel, tt.fields)
			var refusal *ircbus.Refusal
			if !errors.As(err, &refusal) || refusal.Code != tt.want || refusal.Reason == "" {
				t.Errorf("error is %v, want a refusal %s", err, tt.want)
			}
		})
	}
	publish(t, c, "page0")
	b.storedPages(pages(0, 1))
}

func TestDialErrors(t *testing.T) {
	b := newBus(t)
	wrong := func(o *publisher.Options) { o.Secret = "close sesame" }
	_, err := publisher.Dial(soon(t), b.options(wrong))
	if login := (*publisher.LoginError)(nil); !errors.As(err, &login) || login.Account != "wiki" || strings.Contains(err.Error(), "sesame") {
		t.Errorf("with a wrong password: %v", err)
	}
	b.stop()
	if _, err := publisher.Dial(soon(t), b.options()); err == nil || !strings.Contains(err.Error(), string(b.config.IRC)) {
		t.Errorf("without a bus: %v", err)
	}
	for _, o := range []publisher.Options{
		b.options(func(o *publisher.Options) { o.Account = "" }),
		b.options(func(o *publisher.Options) { o.Secret = "" }),
		b.options(func(o *publisher.Options) { o.Addr = "localhost" }),
		b.options(func(o *publisher.Options) { o.Channel = "x y" }),
	} {
		if _, err := publisher.Dial(soon(t), o); err == nil {
			t.Errorf("no error with %+v", o)
		}
	}
}

// TestPasswordChanged: once the bus refuses the login, Publish says so at once
// without a spool, keeps events with one, and all goes on when the password is
// good again.
func TestPasswordChanged(t *testing.T) {
	b := newBus(t)
	c, spooled := b.dial(), b.dial(spooling(t.TempDir()))
	publish(t, c, "page0")
	set := func(password string) {
		b.stop()
		accounts, err := account.Open(filepath.Join(b.config.Data, bus.AccountsFile), account.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := accounts.SetPassword("wiki", password); err != nil {
			t.Fatal(err)
		}
		b.start()
	}
	set("another password")
	var login *publisher.LoginError
	if _, err := c.Publish(soon(t), page("lost")); !errors.As(err, &login) {
		t.Errorf("Publish = %v, want a LoginError", err)
	}
	wait(t, "the refused login", func() bool { return errors.As(spooled.Trouble(), &login) })
	if r := publish(t, spooled, "page1"); r.ID != 0 {
		t.Errorf("receipt %+v of an event that should be in the spool", r)
	}
	set(password)
	if err := spooled.Flush(soon(t)); err != nil || spooled.Trouble() != nil {
		t.Errorf("Flush = %v, trouble %v", err, spooled.Trouble())
	}
	b.storedPages(pages(0, 2))
}

// TestNothingRuns: Close ends every goroutine of a client, whether the bus is
// there, away, or does not answer the login.
func TestNothingRuns(t *testing.T) {
	b := newBus(t)
	deaf, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	before := runtime.NumGoroutine()
	for range 5 {
		c := b.dial()
		publish(t, c, "page")
		away := b.dial(spooling(t.TempDir()), func(o *publisher.Options) { o.Addr = "127.0.0.1:1" })
		publish(t, away, "page")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		silent, err := publisher.Dial(ctx, b.options(spooling(t.TempDir()), func(o *publisher.Options) { o.Addr = deaf.Addr().String() }))
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		publish(t, silent, "page")
		for _, c := range []*publisher.Client{c, away, silent} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	wait(t, "the goroutines to end", func() bool { return runtime.NumGoroutine() <= before })
}

// wait polls for what has no event to wait for.
func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for ctx := soon(t); !ok(); {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestWrongPasswordWithSpool(t *testing.T) {
	b := newBus(t)
	dir := t.TempDir()
	c := b.dial(spooling(dir), func(o *publisher.Options) { o.Secret = "wrong" })
	if login := (*publisher.LoginError)(nil); !errors.As(c.Trouble(), &login) {
		t.Errorf("trouble is %v", c.Trouble())
	}
	if r := publish(t, c, "page0"); r.ID != 0 || c.Spooled() != 1 {
		t.Errorf("receipt %+v, %d spooled", r, c.Spooled())
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Publish(soon(t), page("x")); !errors.Is(err, publisher.ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
	c = b.dial(spooling(dir))
	if err := c.Flush(soon(t)); err != nil {
		t.Fatal(err)
	}
	b.storedPages(pages(0, 1))
}
