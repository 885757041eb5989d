package ircd

// A turn is the time in which the read loop does what the client's lines say. It
// is then also the connection's writer, if there is none, and at the end writes
// what the system takes at once: to start a writer for each answer would cost as
// much as the answer. Whatever makes the read loop wait ends the turn first.

// beginTurn is called by the read loop before it carries out a command.
func (c *conn) beginTurn() {
	if !c.turn {
		c.turn = c.becomeWriter(true)
	}
}

// endTurn is called by the read loop before it waits for anything. What it cannot
// write at once, or has to be waited for, it leaves to a writer.
func (c *conn) endTurn() {
	if !c.turn {
		return
	}
	c.turn = false
	switch {
	case !c.isWoken() && c.stop(nil):
	case !c.speak(newAttempt()):
		c.hub.start(c.write)
	}
}

// speak is the writer's work (see write) as far as nothing makes it wait. It is
// false if something is left.
func (c *conn) speak(now *attempt) bool {
	for {
		control, arriving, farewell := c.snapshot()
		if !c.flushStreams(now) {
			c.putBack(control, arriving)
			return false
		}
		if n, done := c.answerNow(now, control); !done {
			c.answer.control, c.answer.arriving = control[n:], arriving
			return false
		}
		c.visible = append(c.visible, arriving...)
		if farewell != nil || c.isCut() {
			return false
		}
		c.yieldAll()
		if c.stop(control) {
			return true
		}
		if len(arriving) == 0 { // somebody else has something to say
			return false
		}
	}
}

// answerNow writes replies. What it leaves must be written before anything else.
func (c *conn) answerNow(now *attempt, control []byte) (n int, done bool) {
	if len(control) == 0 {
		return 0, true
	}
	n, err := c.writeNow(now, control)
	return n, n == len(control) && err == nil && !c.waits()
}

func (c *conn) isWoken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.woken
}

// putBack queues what was taken from the queue before everything else in it: bytes
// and, after them, places that begin.
func (c *conn) putBack(control []byte, arriving []*member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.putBackLocked(control, arriving)
}

func (c *conn) putBackLocked(control []byte, arriving []*member) {
	first := replies{}
	first.add(control, arriving)
	for _, a := range c.arrivals {
		first.arrivals = append(first.arrivals, arrival{a.at + len(control), a.members})
	}
	first.control = append(first.control, c.control...)
	c.replies = first
	c.woken = true
}
