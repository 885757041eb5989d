package ircd

import (
	"errors"
	"net"
	"os"
	"time"
)

// writeOut writes b, however long that takes as long as something of it goes out
// now and then; else the connection reads too slowly, and is cut off.
func (c *conn) writeOut(to net.Conn, b []byte) (n int, err error) {
	for n < len(b) {
		limited := c.limitWrite(time.Now().Add(c.hub.stall))
		written, err := to.Write(b[n:])
		n += written
		switch late := limited && errors.Is(err, os.ErrDeadlineExceeded); {
		case late && written == 0:
			c.cutStalled()
			return n, err
		case err != nil && !late:
			return n, err
		}
	}
	c.limitWrite(time.Time{}) // which would end what others write
	return n, nil
}

// limitWrite sets the deadline of a write, unless the connection is being ended and
// has another.
func (c *conn) limitWrite(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.farewell == nil && !c.isCut() && c.net.SetWriteDeadline(t) == nil
}

// cutStalled ends a connection that has taken nothing, unless it is being ended.
func (c *conn) cutStalled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.farewell == nil {
		c.cutLocked()
	}
}

// countLocked counts the replies that wait among those of all who have no account.
// If these are too many, the connection that has most of them is cut off. mu is
// held.
func (c *conn) countLocked() {
	if c.share == nil {
		return
	}
	if over := c.share.Set(cap(c.control) + cap(c.held.control) + c.writing); over != nil {
		c.hub.start(over.Cut) // its mu may be held
	}
}
