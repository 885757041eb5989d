package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/subscriber"
)

// acks holds what the bus has acknowledged: "who-number" → id.
type acks struct {
	mu  sync.Mutex
	ids map[string]ircbus.ID
	n   atomic.Int64
}

func (a *acks) add(page string, id ircbus.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids[page] = id
	a.n.Add(1)
}

// received collects what a subscriber was handed.
type received struct {
	mu     sync.Mutex
	events []ircbus.Event
	gaps   []string
}

func (r *received) Event(_ context.Context, e *ircbus.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, *e)
	return nil
}

func (r *received) Gap(_ context.Context, g subscriber.Gap) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gaps = append(r.gaps, g.String())
	return nil
}

func (r *received) last() ircbus.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == 0 {
		return 0
	}
	return r.events[len(r.events)-1].ID
}

// TestNothingLost kills the bus with SIGKILL twenty times while publishers write
// over IRC and HTTP and subscribers read, some of which are themselves stopped or
// killed. Afterwards every acknowledged event is there once, under the id that was
// acknowledged, and every subscriber has had every stored event once, in order.
func TestNothingLost(t *testing.T) {
	kills := 20
	if testing.Short() {
		kills = 7
	}
	dir := t.TempDir()
	accounts, err := account.Open(filepath.Join(dir, "accounts.json"), account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"irca", "ircb", "ircc", "weba", "webb"} {
		if err := accounts.Add(account.Account{Name: name, Role: account.Publisher}, "secret-of-"+name); err != nil {
			t.Fatal(err)
		}
	}
	bus := &mortalBus{t: t, dir: dir, irc: freeAddr(t), web: freeAddr(t), log: logFile(t, filepath.Join(dir, "log"))}
	bus.start()
	t.Cleanup(func() { bus.cmd.Process.Kill(); bus.cmd.Wait() })
	waitReady(t, bus.web)

	published := &acks{ids: map[string]ircbus.ID{}}
	var enough atomic.Bool // then publishers finish what they have begun
	var publishers sync.WaitGroup
	for _, name := range []string{"irca", "ircb", "ircc"} {
		client, err := publisher.Dial(t.Context(), publisher.Options{
			Addr: bus.irc, Account: name, Secret: "secret-of-" + name, MaxBackoff: 200 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		publishers.Go(func() { publishIRC(t, client, name, published, &enough) })
	}
	for _, name := range []string{"weba", "webb"} {
		publishers.Go(func() { publishHTTP(t, bus.web, name, published, &enough) })
	}

	views := []string{"#irca", "#ircb", "#ircc", "#weba", "#webb"}
	following, stopFollowing := context.WithCancel(t.Context())
	defer stopFollowing()
	var followers sync.WaitGroup
	options := func(name string) subscriber.Options {
		return subscriber.Options{HTTP: "http://" + bus.web, From: "-1h", Cursor: filepath.Join(dir, name)}
	}
	steady, restarted := &received{}, &received{}
	followers.Go(func() {
		if err := subscriber.Follow(following, options("steady"), views, steady); !errors.Is(err, context.Canceled) {
			t.Errorf("the steady subscriber: %v", err)
		}
	})
	followers.Go(func() { followAgainAndAgain(following, t, options("restarted"), views, restarted) })
	killed := newKilledFollower(t, dir, bus.web, views, bus.log)

	for i := range kills {
		goal := published.n.Load() + 1 + rand.Int64N(150)
		waitUntil(t, "publishing to go on", func() bool { return published.n.Load() >= goal })
		bus.kill()
		if i%4 == 0 {
			killed.restart()
		}
		bus.start()
	}
	enough.Store(true)
	publishers.Wait()

	stored := allEvents(t, bus.web)
	head := stored[len(stored)-1].ID
	for who, last := range map[string]func() ircbus.ID{"steady": steady.last, "restarted": restarted.last, "killed": killed.last} {
		waitUntil(t, fmt.Sprintf("the %s subscriber to have event %d", who, head), func() bool { return last() >= head })
	}
	stopFollowing()
	followers.Wait()
	killed.stop()

	t.Logf("%d kills, %d events acknowledged, %d stored, head %d", kills, len(published.ids), len(stored), head)
	checkStored(t, stored, published.ids)
	checkReceived(t, "steady", stored, steady.events, steady.gaps)
	checkReceived(t, "restarted", stored, restarted.events, restarted.gaps)
	// SIGKILL may fall between the handler's return and the cursor's move.
	checkReceived(t, "killed", stored, slices.CompactFunc(killed.events(), sameID), nil)
}

// mortalBus is the real program on a data directory and addresses that stay.
type mortalBus struct {
	t             *testing.T
	dir, irc, web string
	log           *os.File
	cmd           *exec.Cmd
}

func (b *mortalBus) start() {
	b.cmd = exec.Command(binary, "serve", "--data", b.dir, "--irc", b.irc, "--http", b.web)
	b.cmd.Stderr = b.log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
}

// kill ends it without a warning.
func (b *mortalBus) kill() {
	if err := b.cmd.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Wait(); !b.cmd.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
		b.t.Fatalf("the bus ended by itself: %v", err)
	}
}

func sameID(a, b ircbus.Event) bool { return a.ID == b.ID }

// publishIRC publishes until it is enough, four at a time, some events in parts.
func publishIRC(t *testing.T, client *publisher.Client, name string, published *acks, enough *atomic.Bool) {
	var number atomic.Int64
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for !enough.Load() {
				n := number.Add(1)
				page := fmt.Sprintf("%s-%d", name, n)
				receipt, err := client.Publish(t.Context(), ircbus.Fields{
					{Key: "page", Value: page}, {Key: "comment", Value: strings.Repeat("שלום ", int(n%5)*50)},
				})
				if err != nil {
					t.Errorf("%s: %v", page, err)
					return
				}
				published.add(page, receipt.ID)
			}
		})
	}
	workers.Wait()
}

// publishHTTP posts batches of three with keys, each again until it is answered.
func publishHTTP(t *testing.T, addr, name string, published *acks, enough *atomic.Bool) {
	for n := 0; !enough.Load(); n += 3 {
		var body bytes.Buffer
		for i := range 3 {
			fmt.Fprintf(&body, "{\"page\":\"%s-%d\",\"key\":\"%d\"}\n", name, n+i, n+i)
		}
		for t.Context().Err() == nil {
			ids, err := post(t.Context(), addr, name, body.Bytes())
			if err != nil {
				continue // the bus is away
			}
			for i, id := range ids {
				published.add(fmt.Sprintf("%s-%d", name, n+i), id)
			}
			break
		}
	}
}

func post(ctx context.Context, addr, name string, body []byte) ([]ircbus.ID, error) {
	request, err := http.NewRequestWithContext(ctx, "POST", "http://"+addr+"/events", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.SetBasicAuth(name, "secret-of-"+name)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return nil, errors.New(response.Status)
	}
	var answer struct{ Events []struct{ ID ircbus.ID } }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil, err
	}
	var ids []ircbus.ID
	for _, e := range answer.Events {
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// followAgainAndAgain follows until ctx ends and starts anew from its cursor
// after every hundred events.
func followAgainAndAgain(ctx context.Context, t *testing.T, opts subscriber.Options, views []string, all *received) {
	for ctx.Err() == nil {
		some, stop := context.WithCancel(ctx)
		n := 0
		err := subscriber.Follow(some, opts, views, handlerFuncs{
			event: func(ctx context.Context, e *ircbus.Event) error {
				if n++; n == 100 {
					stop()
				}
				return all.Event(ctx, e)
			},
			gap: all.Gap,
		})
		stop()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the restarted subscriber: %v", err)
			return
		}
	}
}

type handlerFuncs struct {
	event func(context.Context, *ircbus.Event) error
	gap   func(context.Context, subscriber.Gap) error
}

func (h handlerFuncs) Event(ctx context.Context, e *ircbus.Event) error { return h.event(ctx, e) }
func (h handlerFuncs) Gap(ctx context.Context, g subscriber.Gap) error  { return h.gap(ctx, g) }

// killedFollower is the real command, writing to a file.
type killedFollower struct {
	t    *testing.T
	args []string
	out  string
	log  *os.File
	cmd  *exec.Cmd
}

func newKilledFollower(t *testing.T, dir, web string, views []string, log *os.File) *killedFollower {
	f := &killedFollower{t: t, log: log, out: filepath.Join(dir, "killed.ndjson")}
	f.args = append([]string{"follow", "--server", "http://" + web, "--from", "-1h", "--format", "json",
		"--cursor", filepath.Join(dir, "killed")}, views...)
	f.start()
	t.Cleanup(f.stop)
	return f
}

func (f *killedFollower) start() {
	file, err := os.OpenFile(f.out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer file.Close()
	f.cmd = exec.Command(binary, f.args...)
	f.cmd.Stdout = file
	f.cmd.Stderr = f.log
	if err := f.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *killedFollower) stop() {
	f.cmd.Process.Kill()
	f.cmd.Wait()
}

func (f *killedFollower) restart() {
	f.stop()
	f.start()
}

func (f *killedFollower) events() []ircbus.Event {
	data, err := os.ReadFile(f.out)
	if err != nil {
		f.t.Fatal(err)
	}
	var events []ircbus.Event
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // being written
		}
		var e ircbus.Event
		if err := json.Unmarshal(line, &e); err != nil {
			f.t.Fatalf("%q: %v", line, err)
		}
		events = append(events, e)
	}
	return events
}

func (f *killedFollower) last() ircbus.ID {
	events := f.events()
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].ID
}
