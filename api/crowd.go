package api

import (
	"net/netip"
	"sync"

	"github.com/ircbus/ircbus"
)

// crowd counts who is in at one time, so that no address fills all the room.
type crowd struct {
	each int // from one address; the bus's own host, where proxies run, may have all

	mu     sync.Mutex
	counts map[netip.Prefix]int // guarded by mu; no zeros
}

func newCrowd(each int) *crowd { return &crowd{each: each, counts: map[netip.Prefix]int{}} }

// enter lets an address in, if it may have one more; leave must be called once.
func (c *crowd) enter(from netip.Addr) (leave func(), ok bool) {
	if !from.IsValid() || from.IsLoopback() {
		return func() {}, true
	}
	network := ircbus.NetworkOf(from).Narrow
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[network] == c.each {
		return nil, false
	}
	c.counts[network]++
	return func() { c.leave(network) }, true
}

func (c *crowd) leave(network netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[network]--; c.counts[network] == 0 {
		delete(c.counts, network)
	}
}
