package ircd

import (
	"errors"
	"syscall"
)

// reply is queue for the read loop of a publisher. Nobody else need be woken as
// long as there is nothing but replies to write and the system takes them at
// once: then the read loop writes by itself. It never blocks, and does not keep
// the line.
func (c *conn) reply(line []byte) {
	if !c.becomeWriter(false) {
		c.queue(line)
		return
	}
	n, err := c.writeNow(newAttempt(), line)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = false
	rest := line[n:]
	switch {
	case len(rest) > 0 || err != nil || c.waits():
		c.putBackLocked(rest, nil) // the writer meets the error by itself
		c.wakeLocked()
	case c.woken:
		c.wakeLocked()
	default:
		c.idle.Broadcast()
	}
}

// becomeWriter makes the caller the connection's writer, if it has none and needs
// none that waits. all is for who writes everything (see speak), and else there may
// be nothing to write.
func (c *conn) becomeWriter(all bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running || c.dead || c.farewell != nil || c.isCut() {
		return false
	}
	pending := len(c.control)+len(c.arrivals) > 0
	if !all && (pending || c.holding || len(c.visible) > 0) {
		return false
	}
	if !c.canWriteNow() {
		return false
	}
	c.running, c.woken = true, pending
	return true
}

// canWriteNow reports whether something can be written without waiting. mu is
// held.
func (c *conn) canWriteNow() bool {
	if c.below != nil {
		return c.below.isOpen()
	}
	if c.raw == nil {
		if _, ok := c.net.(tlsConn); ok { // which cannot write a part, as a WebSocket cannot
			return false
		}
		raw, err := socket(c.net)
		if err != nil {
			return false
		}
		c.raw = raw
	}
	return true
}

// writeNow writes what the system takes at once. Over TLS it takes as much as up to
// maxChunk bytes more, which then wait.
func (c *conn) writeNow(now *attempt, b []byte) (n int, err error) {
	if c.below == nil {
		return now.write(c.raw, b)
	}
	for n < len(b) && err == nil && !c.waits() {
		var taken int
		taken, err = c.seal(now, b[n:min(len(b), n+maxChunk)])
		n += taken
	}
	return n, err
}

// seal writes at most maxChunk bytes over TLS.
func (c *conn) seal(now *attempt, b []byte) (n int, err error) {
	if len(b) <= maxRecord {
		return c.net.Write(b)
	}
	if now.records == nil {
		now.records = make([]byte, 0, maxChunk+1<<10)
	}
	c.below.hold(now.records)
	n, sealing := c.net.Write(b)
	now.records, err = c.below.release()
	return n, errors.Join(sealing, err)
}

// waits reports whether something that was written must be seen off.
func (c *conn) waits() bool { return c.below != nil && c.below.waits() }

// attempt is a write that does not wait: what the system does not take at once
// is not written. It can be made again and again without new memory.
type attempt struct {
	bytes   []byte
	n       int
	err     error
	records []byte // memory for those of TLS; nil before the first
	attempt func(fd uintptr)
}

func newAttempt() *attempt {
	a := &attempt{}
	a.attempt = func(fd uintptr) { a.n, a.err = send(int(fd), a.bytes) }
	return a
}

func (a *attempt) write(raw syscall.RawConn, b []byte) (n int, err error) {
	a.bytes, a.n, a.err = b, 0, nil
	err = raw.Control(a.attempt)
	a.bytes = nil
	if err == nil && a.err != syscall.EAGAIN {
		err = a.err
	}
	return max(a.n, 0), err
}
