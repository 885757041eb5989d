package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

var sequence atomic.Int64

// sample makes n events like a wiki's, each with a key of its own.
func sample(n int) []ircbus.Event {
	batch := make([]ircbus.Event, n)
	for i := range batch {
		key := strconv.FormatInt(sequence.Add(1), 10)
		batch[i] = ircbus.Event{Channel: "#moinmaster", Publisher: "moinmaster", Fields: ircbus.Fields{
			{Key: "wiki", Value: "MoinMaster"}, {Key: "page", Value: "פתיחה/" + key}, {Key: "action", Value: "SAVE"},
			{Key: "user", Value: "פלוני אלמוני"}, {Key: "comment", Value: "typo in the second paragraph"},
			{Key: "rev", Value: key}, {Key: "key", Value: key},
		}}
	}
	return batch
}

func benchStore(b *testing.B) *Store {
	s, err := Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			s := benchStore(b)
			for b.Loop() {
				if _, err := s.Append(b.Context(), sample(size)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkAppendConcurrent(b *testing.B) {
	s := benchStore(b)
	b.SetParallelism(32) // 64 appenders on two processors
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Append(context.Background(), sample(1)); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkTails appends in batches of 10 while many tails listen.
func BenchmarkTails(b *testing.B) {
	for _, tails := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("tails=%d", tails), func(b *testing.B) {
			s := benchStore(b)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var wg sync.WaitGroup
			var delivered atomic.Int64
			for range tails {
				wg.Go(func() {
					s.Tail(ctx, 0, func(events []ircbus.Event) error {
						delivered.Add(int64(len(events)))
						return nil
					})
				})
			}
			for b.Loop() {
				if _, err := s.Append(b.Context(), sample(10)); err != nil {
					b.Fatal(err)
				}
			}
			for delivered.Load() < int64(10*b.N*tails) {
				runtime.Gosched()
			}
			b.ReportMetric(float64(delivered.Load())/b.Elapsed().Seconds(), "deliveries/s")
			cancel()
			wg.Wait()
		})
	}
}

func BenchmarkRange(b *testing.B) {
	const events = 100_000
	s := benchStore(b)
	for range events / 1000 {
		if _, err := s.Append(b.Context(), sample(1000)); err != nil {
			b.Fatal(err)
		}
	}
	for _, name := range []string{"", "#moinmaster", "#moinmaster?page=*77"} {
		b.Run("view="+name, func(b *testing.B) {
			q := history.Query{Lend: true}
			b.ReportAllocs()
			if name != "" {
				view, err := ircbus.ParseView(name)
				if err != nil {
					b.Fatal(err)
				}
				q.Views = []ircbus.View{view}
			}
			for b.Loop() {
				if err := s.Range(b.Context(), q, func(*ircbus.Event) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkRetention publishes one event at a time while retention removes 50,000
// others: what the longest of all commits took, and the longest of as many before.
func BenchmarkRetention(b *testing.B) {
	s := benchStore(b)
	var longest, before time.Duration
	publish := func() time.Duration {
		began := time.Now()
		if _, err := s.Append(b.Context(), sample(1)); err != nil {
			b.Fatal(err)
		}
		return time.Since(began)
	}
	for b.Loop() {
		b.StopTimer()
		for range 50 {
			if _, err := s.Append(b.Context(), sample(1000)); err != nil {
				b.Fatal(err)
			}
		}
		for range 200 {
			before = max(before, publish())
		}
		b.StartTimer()
		ended := make(chan error, 1)
		go func() {
			_, err := s.Retain(b.Context(), []Retention{{MaxCount: 1}})
			ended <- err
		}()
		for done := false; !done; {
			longest = max(longest, publish())
			select {
			case err := <-ended:
				if done = true; err != nil {
					b.Fatal(err)
				}
			default:
			}
		}
	}
	b.ReportMetric(float64(before.Microseconds())/1000, "before-ms")
	b.ReportMetric(float64(longest.Microseconds())/1000, "longest-ms")
	b.ReportMetric(float64(50_000*b.N)/b.Elapsed().Seconds(), "removed/s")
}
