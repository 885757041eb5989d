package load

import (
	"context"
	"sync/atomic"
	"time"
)

// Gate keeps publishers that go flat out from being more than so many lines
// ahead of the slowest member, so that the server's queues do not run over: what
// a window is to a real publisher. It is safe for several goroutines.
type Gate struct {
	crowd *Crowd
	lead  uint64
	sent  atomic.Uint64 // by all publishers
}

// NewGate returns a gate before a crowd; sent lines have gone through already.
func NewGate(c *Crowd, lead, sent int) *Gate {
	g := &Gate{crowd: c, lead: uint64(lead)}
	g.sent.Store(uint64(sent))
	c.each(func(s *shard) { s.gated = true })
	return g
}

// lookEvery is how often a publisher that waits looks whether it may go on.
const lookEvery = 200 * time.Microsecond

// Pass waits until some lines may be sent and returns how many, at most atMost;
// 0 when ctx has ended. Who has to wait waits for a quarter of the lead: single
// lines would cost each its own system call.
func (g *Gate) Pass(ctx context.Context, atMost int) int {
	for least := uint64(1); ctx.Err() == nil; least = max(g.lead/4, 1) {
		sent, may := g.sent.Load(), g.crowd.Slowest()+g.lead
		free := may - min(sent, may)
		if free < least {
			time.Sleep(lookEvery)
			g.crowd.look()
			continue
		}
		n := min(uint64(atMost), free)
		if g.sent.CompareAndSwap(sent, sent+n) {
			return int(n)
		}
	}
	return 0
}
