package ircd

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/ircbus/ircbus"
)

// Sizes of a stream's pieces, in bytes.
const (
	firstChunk = 512
	maxChunk   = 64 << 10
)

// stream is a byte log that the members of one view share who want the same
// rendering. A line is encoded into it once; a member holds only its place, and
// its writer writes the bytes between its place and the end. What all members
// have written is forgotten.
//
// Locks are taken in the order Server.mu, stream.mu, conn.mu.
type stream struct {
	flusher *flusher
	limit   int // bytes that one connection may be behind, over all its streams
	live    int // members that have not left; guarded by Server.mu

	end atomic.Int64 // offset after the last byte; changed under mu

	// guarded by mu
	mu      sync.Mutex
	chunks  [][]byte // contiguous; published bytes never change
	base    int64    // offset of chunks[0][0]
	marks   []mark   // where events end, for the place to resume
	members []*member
	scanAt  int64 // the end at which to look again for the slow
	rounds
}

// mark is the end of one event in the stream.
type mark struct {
	end int64
	id  ircbus.ID
}

// member is a connection's place in a stream.
type member struct {
	conn   *conn
	stream *stream
	pos    atomic.Int64 // offset of the first byte not yet written; moved by the writer
	last   atomic.Int64 // where it stops, once it has left the view; else noEnd

	// guarded by stream.mu
	index  int         // in stream.members, -1 when removed
	slot   int         // in stream.round, stream.parked or stream.delayed
	parked atomic.Bool // it is there: it will have its turn when there is something to write
}

const noEnd = int64(1) << 62

func newStream(f *flusher, limit int) *stream { return &stream{flusher: f, limit: limit} }

// join adds a member whose place is the present end.
func (st *stream) join(c *conn) *member {
	st.mu.Lock()
	defer st.mu.Unlock()
	m := &member{conn: c, stream: st, index: len(st.members)}
	m.pos.Store(st.end.Load())
	m.last.Store(noEnd)
	st.members = append(st.members, m)
	st.live++
	return m
}

// leave lets a member end here: it will still write what was appended so far.
func (st *stream) leave(m *member) {
	m.last.Store(st.end.Load())
	st.live--
}

// remove forgets a member's place.
func (st *stream) remove(m *member) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if m.index < 0 {
		return
	}
	st.unpark(m)
	last := st.members[len(st.members)-1]
	last.index = m.index
	st.members[m.index] = last
	st.members[len(st.members)-1] = nil
	st.members = st.members[:len(st.members)-1]
	m.index = -1
	st.forget()
}

// append adds one event. It cuts off members that are too far behind.
func (st *stream) append(id ircbus.ID, l *lines) {
	size := l.size()
	st.mu.Lock()
	defer st.mu.Unlock()
	chunk := st.room(size)
	*chunk = l.append(*chunk)
	end := st.end.Add(int64(size))
	st.marks = append(st.marks, mark{end, id})
	if end >= st.scanAt {
		st.scan(end)
	}
	st.now.came++
	if len(st.delayed) > 0 && !mayDelay(end-st.from) {
		st.endDelayLocked()
	}
	st.callRound()
}

// room returns the last chunk with space for size bytes, which is a longer copy
// of it or a new one if need be. Readers of the old bytes keep them.
func (st *stream) room(size int) *[]byte {
	if n := len(st.chunks); n > 0 {
		last := &st.chunks[n-1]
		if cap(*last)-len(*last) >= size {
			return last
		}
		if len(*last)+size <= maxChunk {
			grown := make([]byte, len(*last), min(maxChunk, max(2*cap(*last), len(*last)+size)))
			copy(grown, *last)
			*last = grown
			return last
		}
		st.chunks = append(st.chunks, make([]byte, 0, max(maxChunk, size)))
	} else {
		st.base = st.end.Load()
		st.chunks = append(st.chunks, make([]byte, 0, max(firstChunk, size)))
	}
	return &st.chunks[len(st.chunks)-1]
}

// scan cuts off who is too far behind and forgets what everybody else has.
func (st *stream) scan(end int64) {
	least, leastMark := end, end
	for _, m := range st.members {
		pos := m.pos.Load()
		if behind := end - pos; behind > 0 && behind+m.conn.behindElsewhere(st) > int64(st.limit) {
			m.conn.cut()
		}
		leastMark = min(leastMark, pos)
		if !m.conn.isCut() { // one that is cut has in hand the bytes it is writing
			least = min(least, pos)
		}
	}
	st.trim(least, leastMark)
	st.scanAt = end + int64(min(maxChunk, st.limit/4))
}

// trim forgets the chunks before pos and the marks before mark, which a
// connection that was cut off still needs for its last words.
func (st *stream) trim(pos, mark int64) {
	n := 0
	for n < len(st.chunks) && st.base+int64(len(st.chunks[n])) <= pos {
		st.base += int64(len(st.chunks[n]))
		n++
	}
	st.chunks = slices.Delete(st.chunks, 0, n)
	st.marks = slices.Delete(st.marks, 0, st.markAfter(mark))
}

// markAfter is the index of the first event that ends after pos.
func (st *stream) markAfter(pos int64) int {
	i, _ := slices.BinarySearchFunc(st.marks, pos+1, func(m mark, target int64) int {
		return int(max(-1, min(1, m.end-target)))
	})
	return i
}

// unwritten is the first event that is not complete before pos; 0 if none.
func (st *stream) unwritten(pos int64) ircbus.ID {
	if i := st.markAfter(pos); i < len(st.marks) {
		return st.marks[i].id
	}
	return 0
}

// firstUnwritten is unwritten for a member's place.
func (st *stream) firstUnwritten(m *member) ircbus.ID {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.unwritten(m.pos.Load())
}

// until is where the member's bytes end at present.
func (m *member) until() int64 { return min(m.stream.end.Load(), m.last.Load()) }

// gone reports whether the member has left and has written all it should.
func (m *member) gone() bool { return m.pos.Load() >= m.last.Load() }

// next returns contiguous bytes from the member's place on, at most up to until.
// It returns nil if they are not kept any more, since the member has just been
// cut off.
func (st *stream) next(m *member, until int64) []byte {
	st.mu.Lock()
	defer st.mu.Unlock()
	pos, offset := m.pos.Load(), st.base
	if pos < offset {
		return nil
	}
	for _, chunk := range st.chunks {
		end := offset + int64(len(chunk))
		if end > pos {
			return chunk[pos-offset : min(end, until)-offset]
		}
		offset = end
	}
	return nil
}

// forget drops the bytes when everybody has written them: nobody holds a piece of
// a chunk then, so that a small one can be used again.
func (st *stream) forget() {
	if len(st.parked) < len(st.members) || st.due {
		return
	}
	st.marks = st.marks[:0]
	if cap(st.marks) > 64 {
		st.marks = nil
	}
	if len(st.chunks) == 1 && cap(st.chunks[0]) <= firstChunk {
		st.chunks[0] = st.chunks[0][:0]
		st.base = st.end.Load()
		return
	}
	st.chunks = nil
}
