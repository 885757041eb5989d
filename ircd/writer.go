package ircd

// write is the writer: a goroutine that lives while its connection has bytes to
// write. One pass takes a snapshot of the replies, writes the streams up to
// their present ends, and then the snapshot. So nothing that was delivered
// before a PING was read comes after its PONG, and nothing of a view before
// its JOIN.
func (c *conn) write() {
	for {
		control, arriving, farewell := c.snapshot()
		rest, err := c.writeStreams()
		if err == nil && len(control) > 0 && !c.isCut() {
			rest, err = c.writeAll(control)
		}
		c.visible = append(c.visible, arriving...)
		switch {
		case c.isCut():
			farewell = c.tooSlow()
			c.giveUp()
			c.lastWords(rest, farewell)
			return
		case err != nil:
			c.lastWords(nil, nil)
			return
		case farewell != nil:
			c.lastWords(nil, farewell)
			return
		}
		c.yieldAll()
		if c.stop(control) {
			return
		}
	}
}

// snapshot takes what is queued at this moment, up to the first place that
// begins there: what follows, a PONG perhaps, must come after that place's
// stream.
func (c *conn) snapshot() (control []byte, arriving []*member, farewell []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	if len(c.arrivals) == 0 {
		control, c.control, c.spare = c.control, c.spare[:0], nil
		c.woken, c.writing = false, len(control)
		return control, nil, c.farewell
	}
	first := c.arrivals[0]
	control, c.control = c.control[:first.at:first.at], c.control[first.at:]
	c.arrivals = c.arrivals[1:]
	for i := range c.arrivals {
		c.arrivals[i].at -= first.at
	}
	c.woken, c.writing = true, len(control)
	return control, first.members, nil
}

// stop ends the writer if there is nothing more to write, and keeps the
// buffer of control for later if it is small.
func (c *conn) stop(control []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cap(control) <= maxChunk {
		c.spare = control[:0]
	}
	c.writing = 0
	c.countLocked()
	if c.woken {
		return false
	}
	c.running = false
	c.control, c.spare, c.arrivals = nil, nil, nil // all written
	c.idle.Broadcast()
	return true
}

// writeStreams writes every visible stream up to its end at this moment.
func (c *conn) writeStreams() (rest []byte, err error) {
	if rest, err = c.writeBegun(); err != nil {
		return rest, err
	}
	for _, m := range c.visible {
		for until := m.until(); m.pos.Load() < until && !c.isCut(); {
			piece := m.stream.next(m, until)
			if piece == nil {
				return nil, nil // cut off
			}
			rest, err = c.writeAll(piece)
			m.pos.Add(int64(len(piece) - len(rest)))
			if err != nil {
				return rest, err
			}
		}
	}
	return nil, nil
}

// writeBegun writes what others have begun: the flusher, the read loop, and TLS
// by itself.
func (c *conn) writeBegun() (rest []byte, err error) {
	begun, begunAnswer := c.begun, c.answer
	c.begun, c.answer = nil, answer{}
	c.visible = append(c.visible, begunAnswer.arriving...)
	switch {
	case c.below != nil: // what was begun waits there
		if err := c.below.seeOff(c.writeOut); err != nil {
			return begun, err
		}
	case len(begun) > 0:
		rest, err = c.writeAll(begun)
	}
	if len(begun) > 0 {
		c.visible[0].pos.Add(int64(len(begun) - len(rest)))
	}
	if err == nil && len(begunAnswer.control) > 0 {
		rest, err = c.writeAll(begunAnswer.control)
	}
	return rest, err
}

// writeAll writes b, or returns what it could not write: empty when the error
// came at the end of a line. Over TLS a part of that may be on its way.
func (c *conn) writeAll(b []byte) (rest []byte, err error) {
	if c.below == nil {
		n, err := c.writeOut(c.net, b)
		return b[n:], err
	}
	for len(b) > 0 {
		n, err := c.net.Write(b[:min(len(b), maxChunk)])
		if err == nil {
			err = c.below.seeOff(c.writeOut)
		}
		if err != nil {
			return b, err
		}
		b = b[n:]
	}
	return b, nil
}

// yieldAll yields every visible place: what has come meanwhile is for the next
// round.
func (c *conn) yieldAll() {
	c.retire()
	for _, m := range c.visible {
		if !m.parked.Load() {
			m.stream.yield(m)
		}
	}
}

// retire forgets the visible places that came to their end.
func (c *conn) retire() {
	kept := c.visible[:0]
	for _, m := range c.visible {
		if m.gone() {
			m.stream.remove(m)
		} else {
			kept = append(kept, m)
		}
	}
	clear(c.visible[len(kept):])
	c.visible = kept
}
