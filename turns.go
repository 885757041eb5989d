package ircbus

import (
	"context"
	"net/netip"
	"sync"
)

// Turns lets so many do something costly at one time. Who waits gets the next
// turn in the order of networks, not of requests: the network that was served
// the longest ago is next. One from outside never holds more than half of the
// turns; this machine may, while nobody else waits.
type Turns struct {
	room int // static

	mu       sync.Mutex
	free     int
	served   uint64
	networks map[netip.Prefix]*turnNetwork // that hold turns, or wait
}

// turnNetwork is an IPv4 /24 or IPv6 /48.
type turnNetwork struct {
	local   bool
	held    int
	served  uint64 // when it got a turn last
	waiting []chan struct{}
}

// NewTurns makes room for n.
func NewTurns(n int) *Turns {
	return &Turns{room: n, free: n, networks: make(map[netip.Prefix]*turnNetwork)}
}

// Take waits for a turn, which done ends. The error is ctx's.
func (t *Turns) Take(ctx context.Context, from netip.Addr) (done func(), err error) {
	network := NetworkOf(from).Wide
	ready := t.join(network, !from.IsValid() || from.IsLoopback())
	done = func() { t.end(network) }
	select {
	case <-ready:
		return done, nil
	default:
	}
	select {
	case <-ready:
		return done, nil
	case <-ctx.Done():
		t.leave(network, ready)
		return nil, ctx.Err()
	}
}

// join puts somebody into the queue of the network.
func (t *Turns) join(network netip.Prefix, local bool) (ready chan struct{}) {
	ready = make(chan struct{})
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.networks[network]
	if n == nil {
		n = &turnNetwork{local: local}
		t.networks[network] = n
	}
	n.waiting = append(n.waiting, ready)
	t.grant()
	return ready
}

// leave gives up waiting, or the turn that came at the last moment.
func (t *Turns) leave(network netip.Prefix, ready chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.networks[network]
	for i := range n.waiting {
		if n.waiting[i] == ready {
			n.waiting = append(n.waiting[:i], n.waiting[i+1:]...)
			t.forget(network)
			return
		}
	}
	t.release(network)
}

func (t *Turns) end(network netip.Prefix) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.release(network)
}

// release ends a turn. mu is held.
func (t *Turns) release(network netip.Prefix) {
	t.networks[network].held--
	t.free++
	t.forget(network)
	t.grant()
}

func (t *Turns) forget(network netip.Prefix) {
	if n := t.networks[network]; n.held == 0 && len(n.waiting) == 0 {
		delete(t.networks, network)
	}
}

// grant gives the free turns to those who wait. mu is held.
func (t *Turns) grant() {
	for t.free > 0 {
		next := t.next()
		if next == nil {
			return
		}
		close(next.waiting[0])
		next.waiting = next.waiting[1:]
		next.held++
		t.served++
		next.served = t.served
		t.free--
	}
}

// next is the network whose turn it is; nil if nobody may have one.
func (t *Turns) next() (next *turnNetwork) {
	half := max(1, t.room/2)
	var local *turnNetwork // has its share
	for _, n := range t.networks {
		switch {
		case len(n.waiting) == 0:
		case n.held >= half:
			if n.local {
				local = n
			}
		case next == nil || n.served < next.served:
			next = n
		}
	}
	if next == nil {
		return local
	}
	return next
}
