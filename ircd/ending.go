package ircd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ircbus/ircbus"
)

// How long the last words to a connection may take. None of these is so short that
// a busy machine could not keep to it.
const (
	lastWrite   = time.Minute     // to write what is queued and the ERROR
	hurried     = 2 * time.Second // the same while the server stops, and for who is refused
	mostLinger  = 2 * time.Minute // for the other side's system to take something more
	totalLinger = 10 * mostLinger // for it to take everything
)

// longAgo is a deadline that ends what waits at once.
var longAgo = time.Unix(1, 0)

// finish closes the connection after everything queued and this line. The
// first call wins; a later one makes haste if the server stops. The read loop
// wakes at once.
func (c *conn) finish(farewell string) {
	c.ended.Store(true)
	c.mu.Lock()
	defer c.mu.Unlock()
	stopping := c.hub.isStopping()
	if c.dead || c.farewell != nil && !stopping {
		return
	}
	if c.farewell == nil {
		c.farewell = append([]byte(farewell), '\r', '\n')
		c.wakeReader()
	}
	if stopping || !c.isCut() { // else a write is being interrupted
		c.limitLastWrite()
	}
	c.wakeLocked()
}

// limitLastWrite gives the last words their time. mu is held.
func (c *conn) limitLastWrite() {
	limit := lastWrite
	if c.hub.isStopping() {
		limit = hurried
	}
	c.net.SetWriteDeadline(time.Now().Add(limit))
}

func (h *hub) isStopping() bool {
	select {
	case <-h.stop:
		return true
	default:
		return false
	}
}

// wakeReader lets the read loop see that the connection has ended.
func (c *conn) wakeReader() {
	c.net.SetReadDeadline(longAgo)
	c.hub.parking.unpark(c)
}

// cut ends a connection that reads too slowly: what blocks its writer is given up
// at once, for its last words have room then (see lastBuffer).
func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutLocked()
}

func (c *conn) cutLocked() {
	if c.isCutOff.Swap(true) {
		return
	}
	c.ended.Store(true)
	c.net.SetWriteDeadline(longAgo)
	c.wakeReader()
	c.wakeLocked()
}

// tooSlow is the last line to a slow reader. It names the last event before the
// first that the connection did not get completely.
func (c *conn) tooSlow() []byte {
	c.mu.Lock()
	places := c.visible[:len(c.visible):len(c.visible)]
	for _, a := range c.arrivals {
		places = append(places, a.members...)
	}
	c.mu.Unlock()
	var first ircbus.ID
	for _, m := range places {
		if id := m.stream.firstUnwritten(m); id != 0 && (first == 0 || id < first) {
			first = id
		}
	}
	if first == 0 {
		first = c.hub.head() + 1
	}
	return fmt.Appendf(nil, "ERROR :Too slow: resume after id %d\r\n", first-ircbus.ID(1))
}

// giveUp forgets the replies and the visible places before the last words, which may
// take their time: nothing need be kept for them.
func (c *conn) giveUp() {
	c.mu.Lock()
	for _, a := range append(c.arrivals, c.held.arrivals...) {
		c.missed = append(c.missed, a.members...)
	}
	c.replies, c.held, c.spare = replies{}, replies{}, nil
	c.mu.Unlock()
	for _, m := range c.visible {
		m.stream.remove(m)
	}
}

// lastWords completes the line that was begun, says farewell, and ends the
// writer for good.
func (c *conn) lastWords(begun, farewell []byte) {
	if farewell != nil {
		if c.isCut() {
			c.setSendBuffer(lastBuffer)
			c.mu.Lock()
			c.limitLastWrite()
			c.mu.Unlock()
		}
		end := bytes.IndexByte(begun, '\n') + 1
		if c.below != nil { // where what was begun waits already
			end = 0
		}
		if _, err := c.writeAll(append(begun[:end:end], farewell...)); err == nil {
			if half, ok := c.net.(interface{ CloseWrite() error }); ok {
				half.CloseWrite() // the other side reads to the end
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended.Store(true)
	c.running, c.dead = false, true
	c.wakeReader()
	c.idle.Broadcast()
}

// close is the read loop's last act. It waits until the writer has said the last
// words, which finish or cut must have ordered, lets the other side read them,
// and gives back all places.
func (c *conn) close() {
	c.mu.Lock()
	for c.running {
		c.idle.Wait()
	}
	c.dead = true
	places := append(c.visible, c.missed...)
	for _, a := range c.arrivals {
		places = append(places, a.members...)
	}
	c.visible, c.missed, c.arrivals, c.control, c.spare = nil, nil, nil, nil, nil
	c.share.End()
	c.mu.Unlock()
	for _, m := range places {
		m.stream.remove(m)
	}
	c.drain()
	c.net.Close()
}

// drain reads and forgets what still comes after the last words, so that closing
// does not make the system throw them away: until the other side's system has
// them, as long as it takes something now and then.
func (c *conn) drain() {
	begun := time.Now()
	moved, left := begun, unsent(c.net)
	for c.drainOnce() {
		now, rest := time.Now(), unsent(c.net)
		if rest < left {
			moved, left = now, rest
		}
		if rest == 0 || c.hub.isStopping() || now.Sub(moved) > mostLinger || now.Sub(begun) > totalLinger {
			return
		}
	}
}

// drainOnce reads for a while. It is false when the other side has closed.
func (c *conn) drainOnce() bool {
	c.net.SetReadDeadline(time.Now().Add(c.hub.linger))
	var buf [512]byte
	for {
		if _, err := c.net.Read(buf[:]); err != nil {
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}
