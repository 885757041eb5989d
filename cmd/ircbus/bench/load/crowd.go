// Package load is the load side of the benchmarks: a crowd of members that read
// as cheaply as they can and check what they get, and publishers.
package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Crowd is many connections to an IRC server that join channels, read, and check
// that every line came once and in order. On Linux few threads wait for all of
// them; over TLS and elsewhere each has a goroutine.
type Crowd struct {
	Options
	shards []*shard

	ready    atomic.Int64 // members that have joined
	gone     atomic.Int64 // members whose connection has ended for good
	retries  atomic.Int64 // connections that were tried again
	server   atomic.Pointer[string]
	overhead atomic.Int64 // see Overhead

	mu      sync.Mutex
	err     error         // the first failure of a member; guarded by mu
	failed  chan struct{} // closed with err
	changed chan struct{} // one place: look again
}

// Options of a crowd.
type Options struct {
	Target
	Members   int
	Channels  func(member int) []string // what each joins
	Views     func(member int) int      // which of Plan's views each is in; nil if there are none
	Caps      func(member int) string   // the capabilities that each asks for; nil is none
	Plan      Plan
	Mark      Mark
	Epoch     time.Time // from which stamps count
	Threads   int       // that read; 0 takes a quarter of the processors, one at least
	Width     int       // members that are joining at one time
	Sample    uint32    // of so many lines one counts for the latency; a power of two, 0 is all
	Reconnect bool      // who loses the connection comes back at once and catches up by CHATHISTORY
}

// NewCrowd makes a crowd of which nobody is connected yet. Close ends it.
func NewCrowd(o Options) (*Crowd, error) {
	c := &Crowd{Options: o, failed: make(chan struct{}), changed: make(chan struct{}, 1)}
	n := c.threads()
	for i := range n {
		var views []int
		for m := i; m < o.Members; m += n {
			view := 0
			if o.Views != nil {
				view = o.Views(m)
			}
			views = append(views, view)
		}
		s := newShard(c, views)
		for m := range views {
			s.members = append(s.members, &member{shard: s, local: m, number: i + m*n})
		}
		c.shards = append(c.shards, s)
	}
	for _, s := range c.shards {
		if err := s.start(); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}

// Since is the time since the epoch, as stamps have it.
func (c *Crowd) Since() time.Duration { return time.Since(c.Epoch) }

// Connect brings everybody in and returns when all have joined, or with the
// first failure.
func (c *Crowd) Connect(ctx context.Context) error {
	began := c.Since()
	for _, s := range c.shards {
		s.do(func() {
			s.opened = began
			s.connectAll()
		})
	}
	return c.Await(ctx, func() bool { return c.Ready() == c.Members })
}

// Await returns when done is true, or with a member's failure or the end of ctx.
// It asks done whenever something has come and at least every 10 ms.
func (c *Crowd) Await(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-c.failed:
			return c.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.changed:
		case <-tick.C:
		}
	}
	return c.Err()
}

// Ready is how many members are in all their channels.
func (c *Crowd) Ready() int { return int(c.ready.Load()) }

// Gone is how many connections have ended.
func (c *Crowd) Gone() int { return int(c.gone.Load()) }

// Retries is how many connections failed and were tried again.
func (c *Crowd) Retries() int { return int(c.retries.Load()) }

// Server is what the server has said of its name and version, "" before.
func (c *Crowd) Server() string {
	if s := c.server.Load(); s != nil {
		return *s
	}
	return ""
}

// Overhead is how many bytes the server put around the text of the latest line
// number 0, tags left out, CR LF counted; 0 before.
func (c *Crowd) Overhead() int { return int(c.overhead.Load()) }

// Lines and Bytes are what all have received so far: stamped lines, and bytes of
// everything.
func (c *Crowd) Lines() (n uint64) {
	for _, s := range c.shards {
		n += s.lines.Load()
	}
	return n
}

// Bytes is how many bytes all have received so far.
func (c *Crowd) Bytes() (n uint64) {
	for _, s := range c.shards {
		n += s.bytes.Load()
	}
	return n
}

// Slowest is how many lines, over all publishers, the slowest member has passed.
func (c *Crowd) Slowest() uint64 {
	least := c.shards[0].slowest.Load()
	for _, s := range c.shards[1:] {
		least = min(least, s.slowest.Load())
	}
	return least
}

// look has the shards that have no thread look how far their slowest member is.
func (c *Crowd) look() {
	for _, s := range c.shards {
		if s.poll == nil {
			s.do(func() { s.progress(c.Since()) })
		}
	}
}

// Latency is the time from publishing to arrival since the last ResetLatency.
func (c *Crowd) Latency() *Histogram {
	var all Histogram
	c.each(func(s *shard) { all.Add(&s.latency) })
	return &all
}

// Joining is the time from Connect to being in all channels, over the members.
func (c *Crowd) Joining() *Histogram {
	var all Histogram
	c.each(func(s *shard) { all.Add(&s.joins) })
	return &all
}

// ResetJoining makes Joining count from now on.
func (c *Crowd) ResetJoining() {
	now := c.Since()
	c.each(func(s *shard) { s.joins, s.opened = Histogram{}, now })
}

// ResetLatency forgets the times so far.
func (c *Crowd) ResetLatency() { c.each(func(s *shard) { s.latency = Histogram{} }) }

// Faults are what was wrong so far.
func (c *Crowd) Faults() Faults {
	var all Faults
	c.each(func(s *shard) { all.Add(s.check.Faults) })
	return all
}

// Lacking is how many lines have still to come when the publishers have sent so
// many each, over the members that have not been stalled.
func (c *Crowd) Lacking(sent []uint32) (n uint64) {
	c.each(func(s *shard) {
		for m := range s.members {
			if s.counts[m] {
				n += s.check.Lacking(m, sent)
			}
		}
	})
	return n
}

// Busy is the processor time that the threads have taken so far; ok is false if
// the members have no threads of their own.
func (c *Crowd) Busy() (each []time.Duration, ok bool) {
	for _, s := range c.shards {
		each = append(each, time.Duration(s.busy.Load()))
	}
	return each, c.shards[0].poll != nil
}

// each calls fn for each shard, where it may touch what the shard owns.
func (c *Crowd) each(fn func(*shard)) {
	for _, s := range c.shards {
		done := make(chan struct{})
		s.do(func() {
			fn(s)
			close(done)
		})
		<-done
	}
}

// Close ends all connections.
func (c *Crowd) Close() {
	for _, s := range c.shards {
		s.close()
	}
}

// Err is the first failure of a member, or nil.
func (c *Crowd) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Crowd) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.failed)
	}
}

// change makes Await look again.
func (c *Crowd) change() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// errEnded is a connection that the server has closed.
var errEnded = errors.New("the server closed the connection")

// left is the failure of a member whose connection ended.
func (m *member) left(err error) error {
	if m.last != "" {
		return fmt.Errorf("member %d is out: %w, after %q", m.number, err, m.last)
	}
	return fmt.Errorf("member %d is out: %w", m.number, err)
}
