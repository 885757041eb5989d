package sqlite

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
)

// Stats are counts since Open.
type Stats struct {
	Commits    uint64 // transactions that stored batches
	Events     uint64 // events stored
	Duplicates uint64 // events that were there already
	Failures   uint64 // batches refused because they could not be written

	Latency    []Bucket      // of commits, cumulative, without the bucket for "any"
	LatencySum time.Duration // of all Commits

	Head    ircbus.ID // last id stored
	Tails   int       // running
	TailLag ircbus.ID // ids by which the hindmost tail is behind Head

	Ahead     time.Duration // by which the times of the log are ahead of the clock
	Excess    int64         // events that retention has still to remove, as far as it knows
	Unindexed int64         // events that searches must read, since the index does not have them yet
}

// Bucket counts commits that took at most UpTo.
type Bucket struct {
	UpTo  time.Duration
	Count uint64
}

// latencies are the buckets' limits.
var latencies = [...]time.Duration{
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second,
}

type counters struct {
	commits, events, duplicates, failures atomic.Uint64
	latency                               [len(latencies)]atomic.Uint64 // not cumulative
	latencySum                            atomic.Int64
	tails                                 sync.Map // *tail → struct{}
}

// asked counts the events of a group.
func asked(group []*request) (n int) {
	for _, r := range group {
		n += len(r.events)
	}
	return n
}

// committed counts one transaction.
func (c *counters) committed(stored, asked int, took time.Duration) {
	c.commits.Add(1)
	c.events.Add(uint64(stored))
	c.duplicates.Add(uint64(asked - stored))
	c.latencySum.Add(int64(took))
	for i, limit := range latencies {
		if took <= limit {
			c.latency[i].Add(1)
			return
		}
	}
}

// Stats returns the present counts.
func (s *Store) Stats() Stats {
	c := &s.stats
	stats := Stats{
		Commits:    c.commits.Load(),
		Events:     c.events.Load(),
		Duplicates: c.duplicates.Load(),
		Failures:   c.failures.Load(),
		Latency:    make([]Bucket, len(latencies)),
		LatencySum: time.Duration(c.latencySum.Load()),
	}
	count := uint64(0)
	for i, limit := range latencies {
		count += c.latency[i].Load()
		stats.Latency[i] = Bucket{limit, count}
	}
	stats.Ahead = time.Duration(s.ahead.Load())
	stats.Excess = s.excessive.Load()
	if s.terms != nil {
		stats.Unindexed = s.terms.lag.Load()
	}
	_, stats.Head = s.live.bounds()
	for key := range c.tails.Range {
		stats.Tails++
		if at := key.(*tail).at(); at < stats.Head {
			stats.TailLag = max(stats.TailLag, stats.Head-at)
		}
	}
	return stats
}
