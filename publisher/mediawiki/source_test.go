package mediawiki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/publisher/door"
)

// notTaken is how much the door has not stored.
func notTaken(r door.Report) (n uint64) {
	for _, count := range r.Refused {
		n += count
	}
	return n + r.Dropped[door.Queue] + r.Dropped[door.Kernel]
}

// Bursts at full speed reach the store whole, and again as duplicates.
func TestBurstsAreNotLost(t *testing.T) {
	bursts, size := 3, 10_000
	if testing.Short() {
		bursts = 1
	}
	store := openStore(t)
	b := start(t, Config{}, door.Bus{Append: store.Append})
	// Where the kernel gives no large buffer, a burst can only be as large as
	// the buffer: a packet takes up to 1.5 kB of it.
	atOnce := min(size, b.in.Report().ReceiveBuffer/1500)
	t.Logf("receive buffer %d bytes, %d packets at once", b.in.Report().ReceiveBuffer, atOnce)
	for i := range bursts {
		for packets := burst(t, size, 1+i*size); len(packets) > 0; packets = packets[min(atOnce, len(packets)):] {
			part := packets[:min(atOnce, len(packets))]
			for _, packet := range part {
				b.send(packet)
			}
			b.await(len(part))
		}
	}
	for _, packet := range burst(t, 100, 1) {
		b.send(packet)
	}
	b.await(100)
	b.stop()
	if got := b.in.Report(); got.Received != uint64(bursts*size+100) || got.Stored != uint64(bursts*size) || got.Duplicates != 100 || notTaken(got) != 0 {
		t.Errorf("%+v", got)
	}
	n := 0
	err := store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		if n++; e.Channel != "#"+e.Publisher || e.Fields.Get("wiki") != e.Publisher {
			return fmt.Errorf("event %d is in %s by %s", e.ID, e.Channel, e.Publisher)
		}
		return nil
	})
	if err != nil || n != bursts*size {
		t.Errorf("the store has %d events, %v", n, err)
	}
}

// JSON, XML and line of every recorded change, all through one source: JSON and
// XML are one event.
func TestAllFeedsAtOnce(t *testing.T) {
	b := start(t, Config{Wiki: "unnamed"}, door.Bus{Append: openStore(t).Append})
	for _, r := range recordings {
		packets := recorded(t, r.name)
		for _, p := range packets {
			b.send(p.Packet)
		}
		b.await(len(packets))
	}
	b.stop() // an event is counted after it is stored
	got := b.in.Report()
	// 268 changes, whose XML and second JSON are duplicates, and their lines,
	// which come under the names of other wikis.
	if notTaken(got) != 0 || got.Stored != 268+130+130+128+128 || got.Duplicates != 268+128+126 {
		t.Errorf("%+v", got)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	names := make(map[string]int)
	for _, w := range b.ensured {
		names[w.Name]++
	}
	if diff := cmp.Diff(map[string]int{"capturewiki": 1, "hecapture": 1, "en.capture": 1, "unnamed": 1}, names); diff != "" {
		t.Errorf("publishers (-want +got):\n%s", diff)
	}
}

// While the store is away packets wait; when it is back none is missing.
func TestStoreUnavailable(t *testing.T) {
	failures := 3
	number := numbering()
	b := start(t, Config{}, door.Bus{Append: func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		if failures--; failures >= 0 {
			return nil, ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
		}
		return number(ctx, batch)
	}})
	for _, packet := range burst(t, 500, 1) {
		b.send(packet)
	}
	b.await(500)
	if got := b.in.Report(); notTaken(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// What does not fit into the queue is counted, and the rest is stored.
func TestQueueIsBounded(t *testing.T) {
	release := make(chan struct{})
	number := numbering()
	b := listen(t, Config{QueueBytes: 20_000}, door.Bus{Append: func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		<-release
		return number(ctx, batch)
	}})
	packets := burst(t, 200, 1)
	for _, packet := range packets {
		b.send(packet)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var run sync.WaitGroup
	run.Go(func() {
		if err := b.Run(ctx); err != nil { // sweeps the socket and drains the queue
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); b.in.Report().Dropped[door.Queue] == 0 && time.Now().Before(deadline); {
		runtime.Gosched() // until the queue has been full once
	}
	close(release)
	run.Wait()
	got := b.in.Report()
	if got.Received != 200 || got.Stored+got.Dropped[door.Queue] != 200 || got.Dropped[door.Queue] == 0 || got.Queued != 0 {
		t.Errorf("%+v", got)
	}
}

// When Run ends, what has arrived is stored, also what Run had not yet read.
func TestRunDrains(t *testing.T) {
	b := listen(t, Config{}, door.Bus{})
	for _, packet := range burst(t, 100, 1) {
		b.send(packet)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := b.in.Report(); got.Stored != 100 {
		t.Errorf("%+v", got)
	}
}

func TestDenied(t *testing.T) {
	var logged bytes.Buffer
	var mu sync.Mutex
	refused := map[ircbus.Code]int{}
	b := start(t, Config{Names: []string{"en*", "de"}}, door.Bus{
		Log:     slog.New(slog.NewTextHandler(&logged, nil)),
		Refused: func(code ircbus.Code) { mu.Lock(); defer mu.Unlock(); refused[code]++ },
		MaxBody: 100,
	})
	for range 3 {
		b.send(`{"type":"edit"`)
		b.send(`{"type":"edit","wiki":"fr"}`)
		b.send(`{"type":"edit","wiki":"de","comment":"` + strings.Repeat("c", 100) + `"}`)
		b.send(strings.Replace(changes(t, "capture-en")[0]["irc"].Packet, "First", "", 1)) // no wiki
	}
	b.send(`{"type":"edit","wiki":"de"}`)
	b.send(`{"type":"edit","wiki":"enwiki"}`)
	b.send(`{"type":"edit","wiki":"en.wiki"}`)
	b.send(`{"type":"edit","wiki":"en-wiki"}`) // the publisher en-wiki is another one
	b.send(`{"type":"edit","wiki":"de"}`)
	events := b.await(4)
	b.stop()
	var publishers []string
	for _, e := range events {
		publishers = append(publishers, e.Publisher)
	}
	if diff := cmp.Diff([]string{"de", "enwiki", "en-wiki", "de"}, publishers); diff != "" {
		t.Errorf("publishers (-want +got):\n%s", diff)
	}
	got := b.in.Report()
	if got.Refused[door.Malformed] != 6 || got.Refused[door.Target] != 4 || got.Refused[door.Refused] != 3 || got.Stored != 4 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff(map[ircbus.Code]int{ircbus.InvalidEvent: 6, ircbus.NotPublisher: 4, ircbus.EventTooLarge: 3}, refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	for _, message := range []string{"not taken: malformed", "not taken: target", "not taken: event"} {
		if n := strings.Count(logged.String(), message); n < 1 || n > 2 {
			t.Errorf("%q is logged %d times:\n%s", message, n, logged.String())
		}
	}
}

func TestDeniedSender(t *testing.T) {
	b := listen(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, door.Bus{})
	b.send(`{"type":"edit","wiki":"de"}`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := b.in.Report(); got.Received != 1 || got.Refused[door.Sender] != 1 || notTaken(got) != 1 || got.LastRefusal.Sender != "127.0.0.1" {
		t.Errorf("%+v", got)
	}
}

// A wiki that cannot be set up because the disk is full is tried again; one that
// the bus refuses is not, and holds nobody up.
func TestEnsureFails(t *testing.T) {
	tries := 0
	b := start(t, Config{}, door.Bus{Ensure: func(_ context.Context, w ircbus.Wiki) (string, string, error) {
		if w.Publisher == "no" {
			return "", "", ircbus.Refuse(ircbus.NotPublisher, "there is a person of this name")
		}
		if tries++; tries < 3 {
			return "", "", errors.New("the disk is full")
		}
		return w.Publisher, "#x", nil
	}})
	b.send(`{"type":"edit","wiki":"no"}`)
	b.send(`{"type":"edit","wiki":"yes"}`)
	if events := b.await(1); events[0].Channel != "#x" || events[0].Publisher != "yes" {
		t.Errorf("%+v", events)
	}
	if got := b.in.Report(); got.Refused[door.Refused] != 1 {
		t.Errorf("%+v", got)
	}
}

// An event that the log refuses for good does not hold back its batch.
func TestAppendRefusesOne(t *testing.T) {
	number := numbering()
	b := listen(t, Config{}, door.Bus{Append: func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		for _, e := range batch {
			if e.Fields.Get("rcid") == "7" {
				return nil, ircbus.Refuse(ircbus.InvalidEvent, "not 7")
			}
		}
		return number(ctx, batch)
	}})
	for _, packet := range burst(t, 10, 1) {
		b.send(packet)
	}
	b.run()
	b.await(9)
	b.stop()
	if got := b.in.Report(); got.Stored != 9 || got.Refused[door.Refused] != 1 {
		t.Errorf("%+v", got)
	}
}

// The wiki's address is told when a packet first has it.
func TestEnsureDescribes(t *testing.T) {
	b := start(t, Config{Wiki: "lines"}, door.Bus{})
	first := changes(t, "capture-en")
	for _, c := range first {
		if strings.Contains(c["irc"].Packet, "Log/move") {
			b.send(c["irc"].Packet) // without an address
			break
		}
	}
	b.send(first[0]["irc"].Packet)
	b.send(first[1]["irc"].Packet)
	b.await(3)
	bare := ircbus.Wiki{Publisher: "lines", Name: "lines", Interwiki: "lines", Engine: "mediawiki"}
	full := bare
	full.Base = "http://127.0.0.1:8181/index.php"
	full.PageURL = full.Base + "?title={page}"
	full.DiffURL = full.Base + "?diff={rev}&oldid={oldrev}"
	full.HistoryURL = full.Base + "?title={page}&action=history"
	full.RawURL = full.Base + "?title={page}&action=raw"
	b.mu.Lock()
	defer b.mu.Unlock()
	if diff := cmp.Diff([]ircbus.Wiki{bare, full}, b.ensured); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestListenMistakes(t *testing.T) {
	bus := door.Bus{
		Append: numbering(),
		Ensure: func(context.Context, ircbus.Wiki) (string, string, error) { return "", "", nil },
	}
	for name, cfg := range map[string]Config{
		"bad pattern": {Listen: "127.0.0.1:0", Names: []string{"["}},
		"no address":  {Listen: "9391"},
		"not here":    {Listen: "192.0.2.1:0"},
	} {
		if _, err := Listen(door.New("mediawiki", bus), cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Listen(door.New("mediawiki", door.Bus{}), Config{Listen: "127.0.0.1:0"}); err == nil {
		t.Error("no Append: no error")
	}
}
