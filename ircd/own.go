package ircd

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ircbus/ircbus"
)

// own keeps a publisher's connection that is also in its feed from seeing its
// own messages twice: they come back to it as echoes, or not at all, as for
// anybody on IRC. Messages of the same publisher from other connections and
// doors it does see. Such a connection has renderings for itself; while its
// events are being stored, what is delivered to them waits until it is known
// which ids are its own.
//
// Who publishes and is not in the feed, as most, does so without Server.mu.
type own struct {
	storing atomic.Bool // set by the read loop

	// guarded by Server.mu
	held []heldEvent
	skip map[ircbus.ID]struct{} // stored, but not delivered yet

	// guarded by mu, which is taken after Server.mu
	mu     sync.Mutex
	places int         // in those renderings
	recent []ircbus.ID // stored while there was no place, and perhaps not delivered yet; ascending
}

type heldEvent struct {
	stream *stream
	id     ircbus.ID
	lines  lines
}

// passes reports whether the event may be appended to the stream now.
func (o *own) passes(st *stream, id ircbus.ID, l *lines) bool {
	if o.storing.Load() {
		o.held = append(o.held, heldEvent{st, id, l.clone()})
		return false
	}
	_, mine := o.skip[id]
	return !mine
}

// release appends what waits for a stream that the connection is about to
// leave. It may then see a message of its own, but misses nobody's.
func (o *own) release(st *stream) {
	kept := o.held[:0]
	for _, h := range o.held {
		if h.stream == st {
			st.append(h.id, &h.lines)
		} else {
			kept = append(kept, h)
		}
	}
	clear(o.held[len(kept):])
	o.held = kept
}

// delivered forgets an id that will not come again.
func (o *own) delivered(id ircbus.ID) { delete(o.skip, id) }

// sit notes that the connection gets a place, after the event head has been
// delivered. Server.mu is held.
func (o *own) sit(head ircbus.ID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.places++
	for _, id := range o.undelivered(head) {
		o.skip[id] = struct{}{}
	}
	o.recent = nil
}

// rise notes that the connection leaves a place. Server.mu is held.
func (o *own) rise() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.places--
}

// undelivered are the recent events after head. The caller holds mu.
func (o *own) undelivered(head ircbus.ID) []ircbus.ID {
	first, _ := slices.BinarySearch(o.recent, head+1)
	return o.recent[first:]
}

// stored ends the storing of events: the receipts say which are the
// connection's.
func (s *Server) stored(o *own, receipts []ircbus.Receipt) {
	head := ircbus.ID(s.head.Load())
	if o.absent(receipts, head) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.stored(receipts, ircbus.ID(s.head.Load()))
}

// absent is stored for a connection that has no place; false if it has one.
func (o *own) absent(receipts []ircbus.Receipt, head ircbus.ID) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.places > 0 {
		return false
	}
	o.recent = append(o.recent[:0], o.undelivered(head)...)
	for _, r := range receipts {
		if !r.Duplicate && r.ID > head {
			o.recent = append(o.recent, r.ID)
		}
	}
	o.storing.Store(false)
	return true
}

// stored is Server.stored for a connection with a place. Server.mu is held.
func (o *own) stored(receipts []ircbus.Receipt, head ircbus.ID) {
	mine := make(map[ircbus.ID]struct{}, len(receipts))
	for _, r := range receipts {
		if r.Duplicate {
			continue
		}
		mine[r.ID] = struct{}{}
		if r.ID > head {
			o.skip[r.ID] = struct{}{}
		}
	}
	for _, h := range o.held {
		if _, ok := mine[h.id]; !ok {
			h.stream.append(h.id, &h.lines)
		}
	}
	o.held = nil
	o.storing.Store(false)
}

func newOwn() *own { return &own{skip: make(map[ircbus.ID]struct{})} }
