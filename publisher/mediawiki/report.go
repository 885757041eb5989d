package mediawiki

import (
	"sync"
	"time"
)

// reporter logs each kind of trouble at once when it begins, and then once a
// minute with a count, however many packets have it.
type reporter struct {
	source *Source

	mu     sync.Mutex // the receiver notes, the worker writes
	kernel uint64     // drops that have been logged

	malformed, refused, sender, name, store, readError, queue trouble
}

// trouble is one kind of it since it was last logged.
type trouble struct {
	count  uint64
	latest string
	logged time.Time
}

func (r *reporter) note(t *trouble, what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.count++
	t.latest = what
}

// first logs what has just begun, flush everything since the last time.
func (r *reporter) first() { r.write(reportEvery) }
func (r *reporter) flush() { r.write(0) }

// write logs the troubles that were not logged for the given time.
func (r *reporter) write(quiet time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, k := range []struct {
		t       *trouble
		message string
	}{
		{&r.malformed, "packets that are no recent change"},
		{&r.refused, "changes that the bus refused"},
		{&r.sender, "packets from an address that is not allowed"},
		{&r.name, "changes of a wiki that may not publish"},
		{&r.store, "the store is not available, packets are waiting"},
		{&r.readError, "receiving failed"},
		{&r.queue, "packets lost because the store was away for too long"},
	} {
		if k.t.count > 0 && now.Sub(k.t.logged) >= quiet {
			r.source.log.Warn(k.message, "count", k.t.count, "latest", k.t.latest)
			*k.t = trouble{logged: now}
		}
	}
	if drops := r.source.counts.kernelDrops.Load(); drops > r.kernel && quiet == 0 {
		r.source.log.Warn("packets lost in the kernel: raise net.core.rmem_max", "count", drops-r.kernel)
		r.kernel = drops
	}
}
