package sqlite

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRetentionRate stores events, in a few channels, as fast as it can, then removes
// them as fast as it can, and then does both, storing 20,000 a second. It reports the
// processor time of storing and of removing one event, how many a second retention
// can remove beside 20,000 that come, and how many too many there were at most.
func BenchmarkRetentionRate(b *testing.B) {
	const events, kept, rate = 200_000, 20_000, 20_000
	for b.Loop() {
		s, err := Open(b.Context(), filepath.Join(b.TempDir(), "events.db"), Options{Log: quiet()})
		if err != nil {
			b.Fatal(err)
		}
		began := processorTime()
		for i := 0; i < events; i += rate / 100 {
			appendMany(b, s, i, rate/100)
		}
		storing := processorTime() - began
		b.ReportMetric(float64(storing.Microseconds())/events, "µs-cpu/stored")

		began, at := processorTime(), time.Now()
		removed, err := s.Retain(b.Context(), []Retention{{MaxCount: kept / retainedChannels}})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64((processorTime()-began).Microseconds())/float64(removed), "µs-cpu/removed")
		b.ReportMetric(float64(removed)/time.Since(at).Seconds(), "removed/s-alone")
		beside(b, s, kept, rate)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

const retainedChannels = 4

func appendMany(b *testing.B, s *Store, from, n int) {
	batch := make([]ircbus.Event, n)
	for i := range batch {
		batch[i] = ircbus.Event{Channel: fmt.Sprint("#wiki", (from+i)%retainedChannels), Publisher: "wiki", Fields: ircbus.Fields{
			{Key: "page", Value: fmt.Sprint("Page ", (from+i)%5000)}, {Key: "action", Value: "SAVE"},
			{Key: "user", Value: fmt.Sprint("User", (from+i)%700)}, {Key: "comment", Value: "a comment of the usual length, more or less"},
			{Key: "key", Value: fmt.Sprint("k", from+i)},
		}}
	}
	if _, err := s.Append(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
}

// beside stores at a rate for some seconds while retention works.
func beside(b *testing.B, s *Store, kept, rate int) {
	const seconds = 5
	stop, done := make(chan struct{}), make(chan struct{})
	removed, most, busy := 0, 0, time.Duration(0)
	go func() {
		defer close(done)
		for {
			at := time.Now()
			n, err := s.Retain(b.Context(), []Retention{{MaxCount: kept / retainedChannels}})
			if err != nil {
				b.Error(err)
				return
			}
			removed, most, busy = removed+n, max(most, n), busy+time.Since(at)
			select {
			case <-stop:
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	began := time.Now()
	step := rate / 100
	for i := range seconds * 100 {
		time.Sleep(time.Until(began.Add(time.Duration(i) * 10 * time.Millisecond)))
		appendMany(b, s, 1_000_000+i*step, step)
	}
	stored := float64(seconds*rate) / time.Since(began).Seconds()
	close(stop)
	<-done
	b.ReportMetric(stored, "stored/s")
	b.ReportMetric(float64(removed)/busy.Seconds(), "removed/s-beside")
	b.ReportMetric(float64(most), "most-too-many")
}
