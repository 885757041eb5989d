package publisher

import (
	"errors"
	"time"

	"github.com/ircbus/ircbus"
)

// The methods here move events on: queue → spool → fromSpool → underWay.

// pump does everything that can be done without waiting.
func (c *Client) pump() {
	if c.mustSpool() {
		c.spoolQueue()
	}
	for c.maySend() {
		p := c.next()
		if p == nil {
			break
		}
		c.send(p)
	}
	if len(c.flushers) > 0 && c.idle() {
		for _, empty := range c.flushers {
			close(empty)
		}
		c.flushers = nil
	}
}

func (c *Client) idle() bool {
	return len(c.underWay) == 0 && len(c.queue) == 0 && (c.spool == nil || c.spool.len() == 0)
}

// behind returns how many events of the spool still have to be sent.
func (c *Client) behind() int {
	if c.spool == nil {
		return 0
	}
	return len(c.fromSpool) + c.spool.unread()
}

// mustSpool decides whether the queue goes to disk. While a pause begins,
// those under way are waited for, since their order is before the queue's. When
// the spool is nearly drained, the queue rather waits for the rest.
func (c *Client) mustSpool() bool {
	switch {
	case c.spool == nil || len(c.queue) == 0:
		return false
	case c.conn == nil:
		return true
	case c.paused:
		return len(c.underWay) == 0
	}
	return c.behind() > maxUnderWay
}

// spoolQueue moves the queue to the spool and answers with receipts without an
// id. What the spool cannot take is refused while the bus is away; otherwise
// it waits for the spool to drain.
func (c *Client) spoolQueue() {
	if c.spool == nil || len(c.queue) == 0 {
		return
	}
	if c.spool.len() == 0 {
		c.options.Log.Warn("events go to the spool", "spool", c.options.Spool, "because", c.Trouble())
	}
	stored, err := c.spool.append(c.queue)
	c.waiting.Store(int64(c.spool.len()))
	for _, p := range c.queue[:stored] {
		c.settle(p, ircbus.Receipt{}, nil)
	}
	c.queue = append([]*Pending(nil), c.queue[stored:]...)
	if err == nil || c.conn != nil && errors.Is(err, ErrSpoolFull) {
		return
	}
	for _, p := range c.queue {
		c.settle(p, ircbus.Receipt{}, err)
	}
	c.queue = nil
}

// maySend reports whether one more event may be sent.
func (c *Client) maySend() bool {
	return c.conn != nil && !c.paused && len(c.underWay) < c.window &&
		(c.wireBytes < maxWireBytes || len(c.underWay) == 0)
}

// next takes the event that is to be sent next, or returns nil.
func (c *Client) next() *Pending {
	if len(c.fromSpool) > 0 {
		p := c.fromSpool[0]
		c.fromSpool = c.fromSpool[1:]
		return p
	}
	for c.spool != nil && c.spool.unread() > 0 {
		e, err := c.spool.next()
		c.waiting.Store(int64(c.spool.len()))
		if err != nil { // a damaged line: noted, and not in the way of the others
			continue
		}
		c.lastOrder++
		return &Pending{client: c, channel: e.channel, fields: e.fields, entry: e, order: c.lastOrder}
	}
	if len(c.queue) > 0 {
		p := c.queue[0]
		c.queue = c.queue[1:]
		return p
	}
	return nil
}

// lineLen is the length of an IRC line without CR LF (tags do not count).
const lineLen = 510

// lines are the texts of the event's messages: one, or its parts.
func (p *Pending) lines() ([]string, error) {
	return ircbus.PackKeyed(p.fields, lineLen-len("PRIVMSG  :")-len(p.channel))
}

// send writes an event to the connection, each line with its label.
func (c *Client) send(p *Pending) {
	texts, err := p.lines()
	if err != nil {
		c.settle(p, ircbus.Receipt{}, err)
		return
	}
	c.lastTry++
	var wire []byte
	for i, text := range texts {
		wire = append(wire, "@label="...)
		wire = append(wire, label(c.lastTry, i+1, len(texts))...)
		wire = append(wire, " PRIVMSG "...)
		wire = append(wire, p.channel...)
		wire = append(wire, " :"...)
		wire = append(wire, text...)
		wire = append(wire, "\r\n"...)
	}
	if len(c.underWay) == 0 {
		c.lastAnswer = time.Now()
	}
	c.underWay[c.lastTry] = p
	p.size = len(wire)
	c.wireBytes += p.size
	c.conn.write(wire)
}
