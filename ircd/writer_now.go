package ircd

import "syscall"

// reply is queue for the read loop of a publisher. Nobody else need be woken as
// long as there is nothing but replies to write and the system takes them at
// once: then the read loop writes by itself. It never blocks, and does not keep
// the line.
func (c *conn) reply(line []byte) {
	if !c.becomeWriter() {
		c.queue(line)
		return
	}
	n, err := c.tryWrite(line)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = false
	rest := line[n:]
	switch {
	case len(rest) > 0 || err != nil:
		// The writer meets the error by itself.
		c.control = append(append(make([]byte, 0, len(rest)+len(c.control)), rest...), c.control...)
		for i := range c.arrivals {
			c.arrivals[i].at += len(rest)
		}
		c.wakeLocked()
	case c.woken:
		c.wakeLocked()
	default:
		c.idle.Broadcast()
	}
}

// becomeWriter makes the read loop the connection's writer, if it has none and
// needs none that waits.
func (c *conn) becomeWriter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running || c.waiting || c.dead || c.farewell != nil || c.holding || len(c.visible) > 0 || c.isCut() {
		return false
	}
	if c.raw == nil {
		// TLS and WebSockets cannot write a part.
		plain, ok := c.net.(syscall.Conn)
		if !ok {
			return false
		}
		raw, err := plain.SyscallConn()
		if err != nil {
			return false
		}
		c.raw = raw
	}
	c.running = true
	return true
}

// tryWrite writes what the system takes at once.
func (c *conn) tryWrite(b []byte) (n int, err error) {
	failed := c.raw.Write(func(fd uintptr) bool {
		n, err = syscall.Write(int(fd), b)
		return true
	})
	if failed != nil {
		return 0, failed
	}
	return max(n, 0), err
}
