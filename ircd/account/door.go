package account

import (
	"context"
	"crypto/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// door is what stands between a stranger and an account in this process.
type door struct {
	// static
	dummy    *verifier // for accounts without a password, or that do not exist
	throttle *throttle
	slots    chan struct{} // one for each verification at work: each takes memory
	cache    cache
	births   *births
	decoys   [32]byte // for books that have no key of their own

	proving sync.Mutex // held while a SCRAM proof is checked and counted

	waiting atomic.Int64 // for a slot
	stats   counters
}

// maxWaiting is how many may wait for a slot; at 20 ms each, some 10 s on one
// core.
const maxWaiting = 512

func newDoor(births *births) *door {
	d := &door{
		dummy:    newDummy(),
		throttle: newThrottle(),
		births:   births,
		slots:    make(chan struct{}, max(1, min(runtime.GOMAXPROCS(0)/2, 4))), // strangers shall not have all processors
		cache:    cache{right: map[string]proof{}, wrong: map[mac]struct{}{}},
	}
	rand.Read(d.cache.key[:]) // never fails
	rand.Read(d.decoys[:])
	return d
}

// decoyKey is what the salts of accounts that do not exist are made with. The
// file keeps it from its next change on.
func (d *door) decoyKey(b *book) [32]byte {
	if b.decoys == ([32]byte{}) {
		return d.decoys
	}
	return b.decoys
}

// enter waits for a slot; leave gives it back.
func (d *door) enter(ctx context.Context) error {
	defer d.waiting.Add(-1)
	if d.waiting.Add(1) > maxWaiting {
		return &ThrottledError{Wait: 5 * time.Second}
	}
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *door) leave() { <-d.slots }
