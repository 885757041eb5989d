package ircd

import (
	"runtime"
	"sync"
	"time"
)

// flusher lets the members of streams have their turns. A few goroutines do that
// for all streams, and write by themselves what the system takes at once: to wake
// a writer for each member would cost as much as the writing.
//
// mu is taken after stream.mu.
type flusher struct {
	start  func(func())  // starts a goroutine that the server waits for
	gather time.Duration // for which a line waits for more
	delay  time.Duration // the same, if it is for a hasty connection

	mu      sync.Mutex
	due     []*stream
	running int
}

// turnsAtOnce is how many members of a stream have their turns before those of another
// stream.
const turnsAtOnce = 32

// add has the members of a stream have their turns.
func (f *flusher) add(st *stream) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, st)
	if f.running < max(1, runtime.GOMAXPROCS(0)/2) {
		f.running++
		f.start(f.run)
	}
}

// take returns the stream that has waited the longest, nil if there is none.
// Then the goroutine must end.
func (f *flusher) take() *stream {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.due) == 0 {
		f.due = nil
		f.running--
		return nil
	}
	st := f.due[0]
	f.due[0] = nil
	f.due = f.due[1:]
	return st
}

// run lives while streams are due.
func (f *flusher) run() {
	var ready [turnsAtOnce]*conn
	now := newAttempt()
	for st := f.take(); st != nil; st = f.take() {
		turns, more := st.turns(ready[:0])
		if more {
			f.add(st)
		}
		woken := 0
		for _, c := range turns {
			if !c.flush(now) {
				woken++
			}
		}
		clear(ready[:])
		st.endTurns(woken, more)
	}
}

// flush writes what the system takes at once. If that is not all, the writer is
// woken, and it is false.
func (c *conn) flush(now *attempt) bool {
	switch {
	case !c.becomeWriter(true):
		c.wake()
	case !c.speak(now):
		c.hub.start(c.write)
	default:
		return true
	}
	return false
}

// flushStreams is writeStreams as far as the system takes it at once. If that
// is not all, it is false, and the stream in which it ended goes first.
func (c *conn) flushStreams(now *attempt) bool {
	for i, m := range c.visible {
		for until := m.until(); m.pos.Load() < until; {
			piece := m.stream.next(m, until)
			if piece == nil {
				return false // cut off
			}
			piece = piece[:min(len(piece), maxChunk)]
			n, err := c.writeNow(now, piece)
			if c.waits() {
				n = 0
			}
			m.pos.Add(int64(n))
			if n < len(piece) || err != nil {
				c.visible[0], c.visible[i] = c.visible[i], c.visible[0]
				if err == nil { // else the writer meets it by itself
					c.begun = piece[n:]
				}
				return false
			}
		}
	}
	return true
}
