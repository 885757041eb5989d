package api

import (
	"net/netip"
	"sync"
)

// crowd counts who is in at one time, so that no address fills all the room.
type crowd struct {
	each int // from one address; the bus's own host, where proxies run, may have all

	mu     sync.Mutex
	counts map[netip.Addr]int // guarded by mu; no zeros
}

func newCrowd(each int) *crowd { return &crowd{each: each, counts: map[netip.Addr]int{}} }

// enter lets an address in, if it may have one more; leave must be called once.
func (c *crowd) enter(from netip.Addr) (leave func(), ok bool) {
	if !from.IsValid() || from.IsLoopback() {
		return func() {}, true
	}
	if from.Is6() { // one user has as many addresses as that
		prefix, _ := from.Prefix(64) // a valid address has one
		from = prefix.Addr()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[from] == c.each {
		return nil, false
	}
	c.counts[from]++
	return func() { c.leave(from) }, true
}

func (c *crowd) leave(from netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[from]--; c.counts[from] == 0 {
		delete(c.counts, from)
	}
}
