package sqlite

import (
	"slices"
	"sort"
	"sync"
	"sync/atomic"

	"github.com/ircbus/ircbus"
)

// Limits of what live keeps for tails that are a little behind; who is further
// behind reads the disk.
const (
	liveEvents = 8192
	liveBytes  = 8 << 20
)

// live hands committed batches on to the tails through memory.
type live struct {
	mu      sync.RWMutex
	floor   ircbus.ID     // everything after it is in batches
	head    ircbus.ID     // the last id of batches, or floor
	batches []batch       // ascending, without what retention has removed
	events  int           // in batches
	bytes   int           // in batches
	changed chan struct{} // closed and replaced by publish if awaited
	awaited bool

	redactions atomic.Uint64 // so far, since the store was opened
}

// batch is the new events of one commit, never changed again.
type batch struct {
	events []ircbus.Event
	bytes  int
}

func newBatch(events []ircbus.Event) batch {
	b := batch{events: events}
	for i := range events {
		for _, field := range events[i].Fields {
			b.bytes += len(field.Key) + len(field.Value)
		}
	}
	return b
}

func newLive(head ircbus.ID) *live {
	return &live{floor: head, head: head, changed: make(chan struct{})}
}

// publish adds what was committed and wakes the tails.
func (l *live) publish(events []ircbus.Event) {
	if len(events) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(newBatch(events))
}

// add is publish for a caller that holds mu.
func (l *live) add(added batch) {
	events := added.events
	l.batches = append(l.batches, added)
	l.head = events[len(events)-1].ID
	l.events += len(events)
	l.bytes += added.bytes
	l.trim()
	if l.awaited {
		close(l.changed)
		l.changed, l.awaited = make(chan struct{}), false
	}
}

// remove forgets a channel's events up to the id last, which retention has
// removed. Tails that have them already keep their slices.
func (l *live) remove(channel string, last ircbus.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last <= l.floor {
		return // it is far behind what is in memory
	}
	l.rewrite(
		func(b batch) bool { return b.events[0].ID <= last },
		func(e ircbus.Event) (ircbus.Event, bool) { return e, e.ID > last || e.Channel != channel },
	)
}

// redact takes the names, or everything, out of an event, and adds the
// tombstone. No tail gets the tombstone without the rest having been done.
func (l *live) redact(target ircbus.ID, names []string, tombstone ircbus.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rewrite(
		func(b batch) bool { return b.events[0].ID <= target && target <= b.events[len(b.events)-1].ID },
		func(e ircbus.Event) (ircbus.Event, bool) {
			if e.ID == target {
				e.Fields = e.Fields.Without(names...)
			}
			return e, len(e.Fields) > 0
		},
	)
	l.redactions.Add(1)
	l.add(newBatch([]ircbus.Event{tombstone}))
}

// rewrite replaces the chosen batches by copies with what fn keeps of their
// events. The caller holds mu.
func (l *live) rewrite(chosen func(batch) bool, fn func(ircbus.Event) (ircbus.Event, bool)) {
	kept := l.batches[:0]
	for _, b := range l.batches {
		if chosen(b) {
			var events []ircbus.Event
			for _, e := range b.events {
				if e, keep := fn(e); keep {
					events = append(events, e)
				}
			}
			l.events -= len(b.events)
			l.bytes -= b.bytes
			b = newBatch(events)
			l.events += len(b.events)
			l.bytes += b.bytes
		}
		if len(b.events) > 0 {
			kept = append(kept, b)
		}
	}
	clear(l.batches[len(kept):])
	l.batches = kept
}

// trim forgets the oldest batches beyond the limits. The caller holds mu.
func (l *live) trim() {
	n := 0
	for ; n < len(l.batches)-1 && (l.events > liveEvents || l.bytes > liveBytes); n++ {
		oldest := l.batches[n]
		l.events -= len(oldest.events)
		l.bytes -= oldest.bytes
		l.floor = oldest.events[len(oldest.events)-1].ID
	}
	l.batches = slices.Delete(l.batches, 0, n)
}

// after returns, into room, batches with everything after cursor, as many as
// fit. ok is false if a part of it is only on disk; if there is nothing yet,
// changed will be closed when there is.
func (l *live) after(cursor ircbus.ID, room [][]ircbus.Event) (found [][]ircbus.Event, changed <-chan struct{}, ok bool) {
	l.mu.RLock()
	found, ok = l.lookup(cursor, room)
	l.mu.RUnlock()
	if !ok || len(found) > 0 {
		return found, nil, ok
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok = l.lookup(cursor, room)
	if ok && len(found) == 0 {
		l.awaited = true
		changed = l.changed
	}
	return found, changed, ok
}

// lookup is after for a caller that holds mu.
func (l *live) lookup(cursor ircbus.ID, room [][]ircbus.Event) (found [][]ircbus.Event, ok bool) {
	if cursor < l.floor {
		return nil, false
	}
	if cursor >= l.head {
		return nil, true
	}
	i := sort.Search(len(l.batches), func(i int) bool {
		events := l.batches[i].events
		return events[len(events)-1].ID > cursor
	})
	for ; i < len(l.batches) && len(found) < cap(room); i++ {
		events := l.batches[i].events
		if len(found) == 0 {
			events = events[sort.Search(len(events), func(k int) bool { return events[k].ID > cursor }):]
		}
		found = append(room[:len(found)], events)
	}
	return found, true
}

// bounds returns where the part in memory begins and ends.
func (l *live) bounds() (floor, head ircbus.ID) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.floor, l.head
}
