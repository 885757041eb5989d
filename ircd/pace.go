package ircd

import (
	"time"

	"github.com/ircbus/ircbus"
)

// paced are notices that wait for their time, so that a client's flood protection
// does not mind them. It is guarded by Server.mu.
type paced struct {
	waiting []message
	timer   *time.Timer // sends the next; nil if none has waited yet
}

// paceBurst is how many notices come at once before the others wait: clients take
// four in a moment for a flood.
const paceBurst = 3

// pace sends notices from the publisher: as a batch to a client that knows what
// that is; to others some at once, the rest one by one (Limits.Pace).
func (c *client) pace(p *publisher, texts []string) {
	if c.caps.has(capBatch) {
		c.respondBatch(ircbus.BatchEntries, []string{p.name}, func() {
			for _, text := range texts {
				c.respond(c.from(p, "NOTICE", text))
			}
		})
		return
	}
	for i, text := range texts {
		m := c.from(p, "NOTICE", text)
		if i < paceBurst {
			c.respond(m)
		} else {
			c.paced.waiting = append(c.paced.waiting, m)
		}
	}
	if len(c.paced.waiting) == 0 {
		return
	}
	if c.paced.timer == nil {
		c.paced.timer = time.AfterFunc(c.srv.cfg.Limits.Pace, c.sendPaced)
	} else {
		c.paced.timer.Reset(c.srv.cfg.Limits.Pace)
	}
}

// sendPaced sends the notice whose time has come.
func (c *client) sendPaced() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if len(c.paced.waiting) == 0 { // the client has quit
		return
	}
	next := c.paced.waiting[0]
	next.params[0], next.at = c.name(), time.Now()
	c.send(next)
	if c.paced.waiting = c.paced.waiting[1:]; len(c.paced.waiting) > 0 {
		c.paced.timer.Reset(c.srv.cfg.Limits.Pace)
		return
	}
	c.paced.waiting = nil
}

// stopPaced forgets what waits.
func (c *client) stopPaced() {
	if c.paced.timer != nil {
		c.paced.timer.Stop()
	}
	c.paced = paced{}
}
