package bus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/ircd/account"
)

// laden starts a bus that has much to do beside what it is asked: events come as
// fast as they can, retention removes nearly all of them, the index is built from
// them and goes with them. It is returned when so many have come.
func laden(t testing.TB, c Config, events ircbus.ID) (b *Bus, wait func()) {
	t.Helper()
	b = startBus(t, c)
	err := b.accounts.Add(account.Account{Name: "wiki", Role: account.Publisher}, "")
	if err != nil && !errors.Is(err, account.ErrExists) {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			batch := make([]ircbus.Event, 500)
			for k := range batch {
				batch[k] = ircbus.Event{Channel: "#wiki", Publisher: "wiki", Fields: ircbus.Fields{
					{Key: "page", Value: fmt.Sprint("Page ", i, " ", k)}, {Key: "user", Value: fmt.Sprint("User ", k)}}}
			}
			if _, err := b.Append(context.Background(), batch); err != nil {
				if !errors.Is(err, history.ErrClosed) {
					t.Error(err)
				}
				return
			}
		}
	})
	start := b.head
	for deadline := time.Now().Add(patience); ; {
		bounds, err := b.store.Bounds(t.Context())
		if err == nil && bounds.Removed > start && bounds.Head > start+events {
			return b, wg.Wait
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("retention does not begin: %+v, %v", bounds, err)
		}
		select {
		case b.reloaded <- struct{}{}: // look now
		default:
		}
		<-time.After(5 * time.Millisecond)
	}
}

func ladenConfig(t testing.TB) Config {
	c := quiet(t)
	c.Retention = map[string]Retention{"*": {MaxCount: 2000}}
	return c
}

// TestStopTellsClients: the end is announced, and streams end too.
func TestStopTellsClients(t *testing.T) {
	b := startBus(t, quiet(t))
	reader := connect(t, b.IRCAddr(), "reader")
	request, err := http.NewRequestWithContext(t.Context(), "GET", b.URL()+"/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	stopBus(t, b)
	reader.until("ERROR :")
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("the stream did not end well: %v", err)
	}
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
	stopBus(t, b) // may be called again
}

// TestFirstFailureStopsAll: when a part fails, the bus ends and says why.
func TestFirstFailureStopsAll(t *testing.T) {
	b, err := Start(t.Context(), quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	b.listeners.irc.Close()
	if err := b.Wait(); err == nil || !strings.Contains(err.Error(), "IRC failed") {
		t.Errorf("the bus ended with %v", err)
	}
	if _, err := net.Dial("tcp", b.HTTPAddr()); err == nil {
		t.Error("HTTP still listens")
	}
}

// TestContextStops: the bus ends with the context it was started with.
func TestContextStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b, err := Start(ctx, quiet(t))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCaseB9: a bus in the middle of its maintenance stops between two steps, loses
// nothing, and goes on with it at its next start.
func TestCaseB9(t *testing.T) {
	c := ladenConfig(t)
	head := ircbus.ID(0)
	for range 3 {
		b, wait := laden(t, c, 5000)
		bounds, err := b.store.Bounds(t.Context())
		if err != nil || bounds.Head <= head {
			t.Fatalf("the log goes on at %d after %d, %v", bounds.Head, head, err)
		}
		head = bounds.Head
		stopBus(t, b)
		wait()
	}
	report, err := CheckData(t.Context(), c.Data)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// BenchmarkStop stops buses as SIGTERM does, each in the middle of its maintenance, and
// reports how long that took at most. Run it with -benchtime 50x.
func BenchmarkStop(b *testing.B) {
	c := ladenConfig(b)
	var worst, all time.Duration
	for b.Loop() {
		bus, wait := laden(b, c, 20_000)
		began := time.Now()
		stopBus(b, bus)
		took := time.Since(began)
		wait()
		worst, all = max(worst, took), all+took
	}
	b.ReportMetric(float64(worst.Milliseconds()), "worst-ms")
	b.ReportMetric(float64(all.Milliseconds())/float64(b.N), "mean-ms")
}
