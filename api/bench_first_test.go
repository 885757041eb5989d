package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
)

// largeStore is a store of as many events as IRCBUS_BENCH_EVENTS says, 20,000 if
// nothing. It is kept in the directory IRCBUS_BENCH_DIR, if there is one, and
// filled up there.
func largeStore(b *testing.B) (store *sqlite.Store, events int) {
	events = 20_000
	if n, err := strconv.Atoi(os.Getenv("IRCBUS_BENCH_EVENTS")); err == nil {
		events = n
	}
	dir := os.Getenv("IRCBUS_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	store, err := sqlite.Open(context.Background(), filepath.Join(dir, "events.db"), sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	bounds, err := store.Bounds(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for n := int(bounds.Head); n < events; n += 1000 {
		if _, err := store.Append(context.Background(), wikiEvents(n, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	return store, events
}

// wikiEvents makes the events from a number on: of ten wikis, some pages and users
// are much busier than others, and one user in a million events is "Rara avis".
func wikiEvents(from, count int) []ircbus.Event {
	random := rand.New(rand.NewPCG(uint64(from), 1))
	events := make([]ircbus.Event, count)
	for i := range events {
		n := from + i
		wiki := "wiki" + strconv.Itoa(n%10)
		user := fmt.Sprintf("Author %d", int(1e5/(1+1000*random.Float64())))
		if n%1_000_000 == 1234 {
			user = "Rara avis"
		}
		events[i] = ircbus.Event{Channel: "#" + wiki, Publisher: wiki, Fields: ircbus.Fields{
			{Key: "wiki", Value: wiki}, {Key: "page", Value: fmt.Sprintf("%s about %d", []string{"Article", "Talk:Article", "User:Someone"}[random.IntN(3)], int(1e7/(1+1000*random.Float64())))},
			{Key: "action", Value: []string{"SAVE", "SAVE", "SAVE", "SAVE", "SAVENEW", "SAVE/REVERT", "ATTNEW"}[random.IntN(7)]}, {Key: "user", Value: user},
			{Key: "comment", Value: "typo in the second paragraph"}, {Key: "rev", Value: strconv.Itoa(n)},
		}}
	}
	return events
}

// BenchmarkFirstByte is the time to the first byte of an answer.
func BenchmarkFirstByte(b *testing.B) {
	store, events := largeStore(b)
	bus := startOver(b, store, nil)
	middle := time.Now().Add(-time.Hour)
	if e, err := store.Event(context.Background(), ircbus.ID(events/2)); err == nil {
		middle = e.At
	}
	for _, query := range []string{
		"", "limit=10000", "order=desc", "after=" + strconv.Itoa(events/2), "from=" + ircbus.FormatTime(middle),
		"channel=%23wiki3&from=" + ircbus.FormatTime(middle), "channel=%23wiki3&channel=%23wiki4",
		"channel=%23wiki4?user=Rara+avis", "channel=%23wiki4?user=nobody", "channel=%23wiki3?page=absent*", "channel=%23wiki3?page=Article+about+77*",
		"channel=%23wiki3?user=Author+100", "channel=%23wiki3?action=ATTNEW", "channel=%23wiki3?action=save*", "channel=%23wiki3?user=Author+100%26action=ATTNEW&order=desc",
		"channel=%23wiki3?page=Talk:*", "channel=%23wiki3?user=Author+100&limit=10000",
	} {
		b.Run("query="+query, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				response, err := http.Get(bus.url + "/changes?format=json&" + query)
				if err != nil {
					b.Fatal(err)
				}
				if response.StatusCode != http.StatusOK {
					b.Fatal(response.Status)
				}
				if _, err := response.Body.Read(make([]byte, 1)); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

// BenchmarkPublishTo is publishing to a store that has events already: what one
// commit takes, half of them at most (p50) and nearly all (p99).
func BenchmarkPublishTo(b *testing.B) {
	store, _ := largeStore(b)
	for _, size := range []int{1, 100} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				batch := wikiEvents(int(time.Now().UnixNano()%1e9), size)
				began := time.Now()
				if _, err := store.Append(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
