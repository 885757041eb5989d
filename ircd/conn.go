package ircd

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ircbus/ircbus"
)

// conn is the byte side of a connection: its read buffer, its queue of replies,
// and its places in streams. What it says is the client's affair.
type conn struct {
	// static
	hub  *hub
	net  net.Conn
	from ircbus.Origin
	fd   int32 // of the socket, -1 if unknown

	below *outlet // below TLS, if it came from NewTLSListener; else nil

	// owned by the read loop
	in   *lineReader // nil while there is none
	turn bool        // the read loop is the running writer

	// owned by the running writer
	visible []*member
	begun   []byte          // the rest of what was begun to write of the first of them
	answer  answer          // what was begun to write of replies, which comes before all else
	raw     syscall.RawConn // of net, if something has been written without waiting

	places []*member // every place that may have bytes to write; guarded by Server.mu

	ended    atomic.Bool // nothing that comes in counts any more
	isCutOff atomic.Bool
	hasty    atomic.Int64 // until then, in ns of Unix time; see isHasty

	// guarded by mu
	mu       sync.Mutex
	limit    int           // bytes of replies that may wait
	share    *ircbus.Share // of what all strangers' replies may have; nil for who has an account
	writing  int           // bytes of replies that the writer has taken
	idle     sync.Cond     // no writer is running
	replies                // that no writer has taken yet
	spare    []byte        // for the next control
	missed   []*member     // places that never begin, since the connection ends
	holding  bool          // replies wait in held
	held     replies
	running  bool   // a writer is at work
	woken    bool   // there may be more to write since its last look
	waiting  bool   // for one of the hub's wakers
	farewell []byte // the last line; not nil: close after it
	dead     bool   // writing is pointless
}

// hub is what a server's connections have in common.
type hub struct {
	start   func(func())     // starts a goroutine that the server waits for
	stop    <-chan struct{}  // closed when the server begins to stop
	linger  time.Duration    // see Limits
	stall   time.Duration    // see Limits
	replies *ircbus.Budget   // of those who have no account; may be nil
	head    func() ircbus.ID // the last event that was delivered to anybody
	waker   waker
	patient waker // of hasty connections
	flusher flusher
	parking parking
}

// replies are what waits to be written, and the places that begin on the way.
type replies struct {
	control  []byte
	arrivals []arrival // when control is written up to there
}

func (r *replies) add(line []byte, arriving []*member) {
	r.control = append(r.control, line...)
	if len(arriving) > 0 {
		r.arrivals = append(r.arrivals, arrival{len(r.control), arriving})
	}
}

// answer are bytes of replies, and the places that begin after them.
type answer struct {
	control  []byte
	arriving []*member
}

// arrival is where, in the queue of replies, places begin.
type arrival struct {
	at      int
	members []*member
}

func newConn(h *hub, nc net.Conn, limit int) *conn {
	c := &conn{hub: h, net: nc, from: ircbus.OriginOf(nc.RemoteAddr().String()), fd: descriptor(nc), limit: limit}
	c.idle.L = &c.mu
	c.share = h.replies.Share(c.cut)
	if secure, ok := nc.(*tls.Conn); ok {
		c.below, _ = secure.NetConn().(*outlet)
	}
	c.setSendBuffer(sendBuffer)
	return c
}

// whence is, for operators, where the connection comes from.
func (c *conn) whence() string {
	if c.from.Addr.IsValid() {
		return c.from.Addr.String()
	}
	return c.net.RemoteAddr().String()
}

// queue adds replies, and the places that begin after them. It never blocks.
func (c *conn) queue(line []byte, arriving ...*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queueLocked(line, arriving)
	c.wakeLocked()
}

// queueUnasked is queue for what answers nothing, and may wait for more of that.
func (c *conn) queueUnasked(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queueLocked(line, nil)
	switch {
	case c.running:
		c.woken = true
	case !c.waiting && !c.dead:
		c.waiting = true
		c.hub.wakerOf(c).add(c)
	}
}

// writeWaiting writes what was waiting, as far as the system takes it at once. For
// the rest it wakes the writer.
func (c *conn) writeWaiting(now *attempt) {
	if c.takeWaiting() && !c.speak(now) {
		c.hub.start(c.write)
	}
}

// takeWaiting makes the caller the writer of what is waiting. If that cannot be
// written without waiting, or has been written, it is false.
func (c *conn) takeWaiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.waiting:
		return false
	case c.running || c.dead || !c.canWriteNow():
		c.waiting = false
		c.wakeLocked()
		return false
	}
	c.waiting, c.running, c.woken = false, true, true
	return true
}

func (c *conn) queueLocked(line []byte, arriving []*member) {
	switch {
	case c.farewell != nil || c.dead:
		c.missed = append(c.missed, arriving...)
		return
	case c.holding:
		c.held.add(line, arriving)
	default:
		c.add(line, arriving)
	}
	waiting := len(c.control) + len(c.held.control)
	if c.share != nil { // a stranger's, of whom there may be many
		waiting += c.writing
	}
	if waiting > c.limit {
		c.cutLocked()
	}
	c.countLocked()
}

// hold keeps back what is queued from now on until resume. What was queued
// before, and places that have begun, are written meanwhile.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holding = true
}

// resume queues an answer, and then what was kept back for it.
func (c *conn) resume(line []byte, arriving ...*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	held := c.held
	c.holding, c.held = false, replies{}
	c.queueLocked(line, arriving)
	from := 0
	for _, a := range held.arrivals {
		c.queueLocked(held.control[from:a.at], a.members)
		from = a.at
	}
	c.queueLocked(held.control[from:], nil)
	c.wakeLocked()
}

// trust lets more replies wait, for somebody who has logged in.
func (c *conn) trust(limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = limit
	c.share.End()
	c.share = nil
}

// wake says that a stream has bytes for this connection.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakeLocked()
}

func (c *conn) wakeLocked() {
	c.woken = true
	if !c.running && !c.dead {
		c.running = true
		c.hub.start(c.write)
	}
}

func (c *conn) isCut() bool { return c.isCutOff.Load() }

// behindElsewhere is how many bytes wait for the connection in other streams.
// Server.mu is held.
func (c *conn) behindElsewhere(st *stream) int64 {
	var sum int64
	for _, m := range c.places {
		if m.stream != st {
			sum += max(0, m.until()-m.pos.Load())
		}
	}
	return sum
}

// place notes a new place and forgets those that have come to their end.
// Server.mu is held.
func (c *conn) place(m *member) {
	kept := c.places[:0]
	for _, p := range c.places {
		if !p.gone() {
			kept = append(kept, p)
		}
	}
	clear(c.places[len(kept):])
	c.places = append(kept, m)
}

// errEnded is the read loop's error once the connection has been ended.
var errEnded = errors.New("connection ended")

// readLine returns the next line. pause is called when the deadline passes; it
// returns the next deadline, or an error.
func (c *conn) readLine(deadline time.Time, pause func() (time.Time, error)) ([]byte, error) {
	for {
		if !c.in.buffered() {
			if err := c.setReadDeadline(deadline); err != nil {
				return nil, err
			}
		}
		line, err := c.in.next()
		if c.ended.Load() {
			return nil, errEnded
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return line, err
		}
		if deadline, err = pause(); err != nil {
			return nil, err
		}
	}
}

// setReadDeadline leaves the deadline alone once the connection has ended,
// when the writer sets it.
func (c *conn) setReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended.Load() {
		return errEnded
	}
	return c.net.SetReadDeadline(t)
}
