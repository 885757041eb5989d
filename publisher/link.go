package publisher

import (
	"fmt"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// The methods here look after the connection; run calls them.

// dial starts one try to connect; its answer comes through c.dialing.
func (c *Client) dial() {
	answer := make(chan dialed, 1)
	c.dialing = answer
	c.dials.Go(func() {
		conn, err := connect(c.ctx, &c.options)
		answer <- dialed{conn, err}
	})
}

func (c *Client) dialDone(d dialed) {
	c.dialing = nil
	if d.err == nil {
		c.connected(d.conn)
		return
	}
	c.failed(d.err)
	c.redialLater()
}

func (c *Client) connected(conn *conn) {
	c.conn = conn
	c.conn.run()
	c.setTrouble(nil)
	c.options.Log.Info("connected to the bus", "addr", c.options.Addr, "account", c.options.Account)
}

// failed notes why there is no connection. A refused login is the answer to
// all who wait, unless they can go to the spool.
func (c *Client) failed(err error) {
	c.setTrouble(err)
	c.options.Log.Warn("no connection to the bus", "err", err)
	if c.spool == nil && final(err) {
		for _, p := range c.queue {
			c.settle(p, ircbus.Receipt{}, err)
		}
		c.queue = nil
	}
}

func (c *Client) redialLater() { c.redial.Reset(c.redialWait.wait()) }

// lost is the end of a connection: what was under way will be sent again.
func (c *Client) lost(err error) {
	c.conn.close()
	c.conn = nil
	c.requeueAll()
	if c.careful == 0 {
		c.window = maxUnderWay
	}
	c.failed(err)
	c.redialLater()
}

func (c *Client) requeueAll() {
	events := make([]*Pending, 0, len(c.underWay))
	for _, p := range c.underWay {
		events = append(events, p)
	}
	slices.SortFunc(events, func(a, b *Pending) int { return int(int64(a.order - b.order)) })
	clear(c.underWay)
	c.wireBytes = 0
	c.requeue(events)
}

// keepAlive asks the bus for a sign of life, so that a connection that died
// without a word is noticed, and gives one up that no longer answers events.
func (c *Client) keepAlive() {
	if c.conn == nil {
		return
	}
	if len(c.underWay) > 0 && time.Since(c.lastAnswer) > answerTimeout {
		c.lost(fmt.Errorf("the bus has acknowledged nothing for %v", answerTimeout))
		return
	}
	c.conn.write([]byte("PING :ircbus\r\n"))
}
