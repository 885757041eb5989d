package ircd

import "github.com/ircbus/ircbus"

// own keeps a publisher's connection that is also in its feed from seeing its
// own messages twice: they come back to it as echoes, or not at all, as for
// anybody on IRC. Messages of the same publisher from other connections and
// doors it does see. Such a connection has renderings for itself; while its
// events are being stored, what is delivered to them waits until it is known
// which ids are its own. Everything is guarded by Server.mu.
type own struct {
	storing bool
	held    []heldEvent
	skip    map[ircbus.ID]struct{} // stored, but not delivered yet
}

type heldEvent struct {
	stream *stream
	id     ircbus.ID
	lines  lines
}

// passes reports whether the event may be appended to the stream now.
func (o *own) passes(st *stream, id ircbus.ID, l *lines) bool {
	if o.storing {
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

// stored ends the storing of events: the receipts say which are its own.
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
	o.held, o.storing = nil, false
}

func newOwn() *own { return &own{skip: make(map[ircbus.ID]struct{})} }
