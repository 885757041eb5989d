package ircbus

import (
	"net/netip"
	"sync"
)

// WideShare is how many times as much a wide network may have as a narrow one.
const WideShare = 4

// Crowd counts who is in at one time, so that no network fills all the room. This
// machine, where proxies run, may have all of it.
type Crowd struct {
	each int // from one narrow network

	mu     sync.Mutex
	counts map[netip.Prefix]int // of both kinds; no zeros
}

// NewCrowd lets so many in from each IPv4 address or IPv6 /64, and four times as
// many from each /24 or /48.
func NewCrowd(each int) *Crowd { return &Crowd{each: each, counts: make(map[netip.Prefix]int)} }

// Enter lets somebody in, if there may be one more; then leave must be called
// once.
func (c *Crowd) Enter(from netip.Addr) (leave func(), ok bool) {
	network := NetworkOf(from)
	if !network.IsValid() || from.Unmap().IsLoopback() {
		return func() {}, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[network.Narrow] >= c.each || c.counts[network.Wide] >= WideShare*c.each {
		return nil, false
	}
	c.counts[network.Narrow]++
	c.counts[network.Wide]++
	return func() { c.leave(network) }, true
}

// Len is how many are in of one narrow network.
func (c *Crowd) Len(from netip.Addr) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[NetworkOf(from).Narrow]
}

func (c *Crowd) leave(network Network) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, prefix := range []netip.Prefix{network.Narrow, network.Wide} {
		if c.counts[prefix]--; c.counts[prefix] == 0 {
			delete(c.counts, prefix)
		}
	}
}
