package ircd

import (
	"errors"
	"sync"
	"time"
)

// parking is where connections are that have said nothing for a while: without a
// read loop, so that each costs neither a stack nor a buffer. One goroutine, the
// warden, waits for all of them. Who takes a connection out, under mu, starts its
// read loop again.
//
// mu is the last lock to be taken.
type parking struct {
	// static
	start  func(func())                // starts a goroutine that the server waits for
	resume func(c *client, isDue bool) // begins a read loop again

	mu       sync.Mutex
	parked   map[int32]parked // by their descriptors
	poller   *poller          // nil: there is no warden
	unusable bool             // the system has no poller for us
}

// parked is a connection without a read loop.
type parked struct {
	client *client
	due    time.Time // when its silence has lasted too long
}

// errParked ends a read loop whose connection is parked. It has passed to
// others then.
var errParked = errors.New("connection parked")

// maxTick is how late silence is noticed at most.
const maxTick = time.Second

// park parks a connection, for its read loop, until it says something, it ends,
// or it is due. It is false if that cannot be done.
func (l *parking) park(c *client) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Who ends a connection comes here next: until then its descriptor is open.
	if c.conn.fd < 0 || c.conn.ended.Load() || !l.open(c.srv.cfg.Limits.Ping) {
		return false
	}
	l.parked[c.conn.fd] = parked{c, c.due}
	if err := l.poller.watch(c.conn.fd); err != nil {
		c.log().Error("a connection cannot be parked", "err", err)
		delete(l.parked, c.conn.fd)
		return false
	}
	if in := c.conn.in; in != nil && in.empty() {
		c.conn.in = nil
	}
	return true
}

// open sees to it that there is a warden.
func (l *parking) open(ping time.Duration) bool {
	if l.poller == nil && !l.unusable {
		p, err := newPoller()
		if l.unusable = errors.Is(err, errors.ErrUnsupported); err != nil {
			return false
		}
		l.poller, l.parked = p, make(map[int32]parked)
		l.start(func() { l.guard(p, min(maxTick, ping/16)) })
	}
	return l.poller != nil
}

// unpark starts the read loop of a connection again, if it is parked.
func (l *parking) unpark(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p, ok := l.parked[c.fd]; ok && p.client.conn == c {
		l.takeOut(c.fd, p, false)
		if len(l.parked) == 0 {
			l.poller.interrupt()
		}
	}
}

func (l *parking) takeOut(fd int32, p parked, isDue bool) {
	delete(l.parked, fd)
	go l.resume(p.client, isDue) // the server waits for the connection
}

// guard is the warden. It lives while there are parked connections.
func (l *parking) guard(p *poller, tick time.Duration) {
	next := time.Now().Add(tick)
	var ready []int32
	for l.patrol(p, ready, &next, tick) {
		ready = p.wait(ready[:0])
	}
	p.close()
}

// patrol takes out the connections that have said something and, every tick,
// those that are due. It is false, and the warden has left, if that were all.
func (l *parking) patrol(p *poller, ready []int32, next *time.Time, tick time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fd := range ready {
		if parked, ok := l.parked[fd]; ok {
			l.takeOut(fd, parked, false)
		}
	}
	if now := time.Now(); !now.Before(*next) {
		*next = now.Add(tick)
		for fd, parked := range l.parked {
			if !now.Before(parked.due) {
				l.takeOut(fd, parked, true)
			}
		}
	}
	if len(l.parked) == 0 {
		l.poller, l.parked = nil, nil
		return false
	}
	p.setDeadline(*next)
	return true
}
