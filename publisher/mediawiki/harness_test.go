package mediawiki

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/publisher/door"
)

// patience is how long a test waits for what must happen.
const patience = 5 * time.Minute

// bench is a running source with a wiki that sends to it.
type bench struct {
	*Source
	t      *testing.T
	wiki   net.Conn
	stored chan []ircbus.Event // batches, after Append has returned
	stop   func()              // ends Run and waits for it

	mu      sync.Mutex
	ensured []ircbus.Wiki
}

// start listens and, unless the test wants to wait, runs. Whatever cfg and bus leave
// out gets a value that lets every packet of the recordings through.
func start(t *testing.T, cfg Config, bus door.Bus) *bench {
	t.Helper()
	b := listen(t, cfg, bus)
	b.run()
	return b
}

func listen(t *testing.T, cfg Config, bus door.Bus) *bench {
	t.Helper()
	b := &bench{t: t, stored: make(chan []ircbus.Event, 100_000)}
	cfg.Listen = "127.0.0.1:0"
	if cfg.Names == nil {
		cfg.Names = []string{"*"}
	}
	if bus.Append == nil {
		bus.Append = numbering()
	}
	appendTo := bus.Append
	bus.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		receipts, err := appendTo(ctx, batch)
		if err == nil {
			b.stored <- append([]ircbus.Event(nil), batch...)
		}
		return receipts, err
	}
	if bus.Ensure == nil {
		bus.Ensure = func(_ context.Context, w ircbus.Wiki) (string, string, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.ensured = append(b.ensured, w)
			return w.Publisher, "#" + w.Publisher, nil
		}
	}
	source, err := Listen(door.New("mediawiki", bus), cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.Source = source
	if b.wiki, err = net.Dial("udp", source.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.wiki.Close() })
	return b
}

func (b *bench) run() {
	ctx, cancel := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Source.Run(ctx) }()
	b.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("Run: %v", err)
		}
	})
	b.t.Cleanup(b.stop)
}

func (b *bench) send(packet string) {
	b.t.Helper()
	if _, err := b.wiki.Write([]byte(packet)); err != nil {
		b.t.Fatal(err)
	}
}

// await returns the next n stored events.
func (b *bench) await(n int) []ircbus.Event {
	b.t.Helper()
	deadline := time.After(patience)
	var events []ircbus.Event
	for len(events) < n {
		select {
		case batch := <-b.stored:
			events = append(events, batch...)
		case <-deadline:
			b.t.Fatalf("%d of %d events were stored in %v; %+v", len(events), n, patience, b.in.Report())
		}
	}
	return events
}

// numbering is a log that only counts.
func numbering() func(context.Context, []ircbus.Event) ([]ircbus.Receipt, error) {
	var last ircbus.ID
	return func(_ context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
		receipts := make([]ircbus.Receipt, len(batch))
		for i := range receipts {
			last++
			receipts[i].ID = last
		}
		return receipts, nil
	}
}

func openStore(t *testing.T) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

var packetID = regexp.MustCompile(`^\{"id":(?:[0-9]+|null)`)

// burst makes n packets of the recorded ones, each a change of its own.
func burst(t testing.TB, n, firstID int) []string {
	t.Helper()
	var recorded []string
	for _, r := range recordings {
		for _, c := range changes(t, r.name) {
			recorded = append(recorded, c["json"].Packet)
		}
	}
	packets := make([]string, n)
	for i := range packets {
		packets[i] = packetID.ReplaceAllString(recorded[i%len(recorded)], fmt.Sprintf(`{"id":%d`, firstID+i))
	}
	return packets
}

// waitFor polls a condition that another goroutine brings about.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v", patience)
		}
	}
}
