package ircd

import (
	"sync"
	"time"
)

// waker writes to connections what answers nothing: what others say and do. A write
// costs much more than a line, here and on the other side. When many are concerned,
// as when thousands join, it therefore waits a little between two rounds, so that
// one write takes several lines.
//
// mu is taken after conn.mu.
type waker struct {
	// static
	start func(func())    // starts a goroutine that the server waits for
	stop  <-chan struct{} // closed when the server ends: nothing is waited for then
	least time.Duration   // between two rounds

	mu      sync.Mutex
	waiting []*conn
	running bool
	last    time.Time // when the last round began
	woken   int       // so many in it
}

// What a round may cost is waited before the next.
const (
	lineCost    = 50 * time.Microsecond // allowed for each connection: some five times what a write takes
	maxLineWait = 500 * time.Millisecond
)

// add has the connection's writer woken soon. conn.mu is held.
func (w *waker) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(w.waiting, c)
	if !w.running {
		w.running = true
		w.start(w.run)
	}
}

// run lives while somebody waits.
func (w *waker) run() {
	var round []*conn
	now := newAttempt()
	for {
		w.mu.Lock()
		pause := max(w.least, min(time.Duration(w.woken)*lineCost, maxLineWait)) - time.Since(w.last)
		w.mu.Unlock()
		if pause > 0 {
			select {
			case <-time.After(pause):
			case <-w.stop:
			}
		}
		if round = w.next(round); len(round) == 0 {
			return
		}
		for _, c := range round {
			c.writeWaiting(now)
		}
	}
}

// next takes all who wait. done is memory for those who come then.
func (w *waker) next(done []*conn) (round []*conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(done)
	if len(w.waiting) == 0 {
		w.waiting, w.running = nil, false
		return nil
	}
	round, w.waiting = w.waiting, done[:0]
	w.last, w.woken = time.Now(), len(round)
	return round
}
