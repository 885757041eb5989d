package ircd

import (
	"errors"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// publication is one line of a publisher in a feed, on its way to the store. It
// ends in exactly one of three ways: refused, stored with its event, or, being
// a part of a longer event, taken note of.
type publication struct {
	label   string
	channel string
	refused *ircbus.Refusal
	event   *ircbus.Event // complete with this line; nil if it is a part
}

// take keeps a publisher's line in a feed for publish. It is false if the
// message is something else.
func (c *client) take(msg *ircmsg.Message) bool {
	if msg.Command == "BATCH" {
		return c.takeBatch(msg)
	}
	if msg.Command != "PRIVMSG" || len(msg.Params) != 2 || !c.exempt.Load() {
		return false
	}
	c.lock()
	defer c.unlock()
	fn := c.publishesIn(msg.Params[0])
	if !c.registered || fn == nil {
		return false
	}
	c.addLine(labelOf(msg), fn.name, msg.Params[1])
	c.touch()
	return true
}

// publishesIn returns the packed channel if the client may publish there, or
// nil.
func (c *client) publishesIn(channel string) *feedName {
	if fn := c.srv.feeds[foldChan(channel)]; fn != nil && !fn.isText && fn.feed.allows(c.publisher) {
		return fn
	}
	return nil
}

// addLine parses a line and adds it to what is pending, with the parts that
// came before it.
func (c *client) addLine(label, channel, text string) {
	line := publication{label: label, channel: channel}
	packed, err := ircbus.ParsePacked(text)
	if err == nil && packed.ID != 0 {
		err = ircbus.Refuse(ircbus.InvalidEvent, "the field \"id\" is reserved for the bus")
	}
	if err != nil {
		c.abandon(channel)
		line.refused = refusal(err)
		c.pending = append(c.pending, line)
		return
	}
	joiner := c.joiner(channel)
	fields, done, err := joiner.Add(packed)
	begun := packed.Part == 1 && joiner.Pending()
	if err != nil {
		if done || begun { // the error is about the event before
			c.pending = append(c.pending, publication{channel: channel, refused: refusal(err)})
		} else {
			line.refused = refusal(err)
		}
	}
	if !joiner.Pending() {
		delete(c.joiners, foldChan(channel))
	}
	if done {
		fields, err = ircbus.Accept(fields, c.srv.cfg.MaxBody)
		if err != nil {
			line.refused = refusal(err)
		} else {
			line.event = &ircbus.Event{Channel: channel, Publisher: c.publisher.name, Fields: fields}
		}
	}
	c.pending = append(c.pending, line)
}

func (c *client) joiner(channel string) *ircbus.Joiner {
	key := foldChan(channel)
	j := c.joiners[key]
	if j == nil {
		j = &ircbus.Joiner{MaxBody: c.srv.cfg.MaxBody}
		if c.joiners == nil {
			c.joiners = make(map[lcChan]*ircbus.Joiner)
		}
		c.joiners[key] = j
	}
	return j
}

// abandon drops the parts of an event that will not be complete, and says so.
func (c *client) abandon(channel string) {
	key := foldChan(channel)
	if j := c.joiners[key]; j != nil {
		delete(c.joiners, key)
		c.pending = append(c.pending, publication{channel: channel,
			refused: ircbus.Refuse(ircbus.InvalidEvent, "the parts of the event before are not complete")})
	}
}

// refusal is the error as what the publisher is told.
func refusal(err error) *ircbus.Refusal {
	var r *ircbus.Refusal
	if errors.As(err, &r) {
		return r
	}
	return ircbus.Refuse(ircbus.StoreUnavailable, "the event could not be stored: try again later")
}

// publish stores everything pending as one batch and answers each line in its
// order (docs/protocol.md, "Publishing over IRC").
func (c *client) publish() {
	if len(c.pending) == 0 {
		return
	}
	var batch []ircbus.Event
	for _, p := range c.pending {
		if p.event != nil {
			batch = append(batch, *p.event)
		}
	}
	receipts, err := c.store(batch)
	// Without the lock, so that the writer is the next to run here, and not who
	// waits for the lock.
	if answer := c.acknowledge(receipts, err); len(answer) > 0 {
		c.conn.queue(answer)
	}
}

// acknowledge makes the answers to all that was pending, given what the store
// has said.
func (c *client) acknowledge(receipts []ircbus.Receipt, err error) (answer []byte) {
	s := c.srv
	c.lock()
	defer c.unlock()
	if c.own != nil {
		c.own.stored(receipts, ircbus.ID(s.head.Load()))
	}
	for _, p := range c.pending {
		c.label = p.label
		switch {
		case p.event == nil:
		case err != nil:
			p.refused = refusal(err)
		default:
			c.stored(&p, receipts[0])
			receipts = receipts[1:]
		}
		if p.refused != nil {
			s.refuse(p.refused)
			c.fail(refused(p.channel, p.refused))
		}
		answer = c.compose(answer)
	}
	clear(c.pending)
	c.pending = c.pending[:0]
	if cap(c.pending) > 64 {
		c.pending = nil
	}
	return answer
}

// store appends the batch outside the server's lock.
func (c *client) store(batch []ircbus.Event) ([]ircbus.Receipt, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	s := c.srv
	s.mu.Lock()
	if c.own != nil {
		c.own.storing = true
	}
	s.mu.Unlock()
	receipts, err := s.cfg.Append(s.ctx, batch)
	if err == nil && len(receipts) != len(batch) {
		err = errors.New("the store's receipts do not match the batch")
	}
	if err != nil {
		var r *ircbus.Refusal
		if !errors.As(err, &r) {
			c.log.Error("storing events failed", "err", err)
		}
		return nil, err
	}
	return receipts, nil
}

// stored acknowledges an event with its echo, to who wants echoes.
func (c *client) stored(p *publication, r ircbus.Receipt) {
	if r.Duplicate {
		c.srv.stats.duplicates.Add(1)
	} else {
		c.srv.stats.accepted.Add(1)
	}
	if !c.caps.has(capEchoMessage) || c.publisher == nil {
		return
	}
	fields := p.event.Fields
	if !fields.Has("time") {
		fields = append(fields[:len(fields):len(fields)], ircbus.Field{Key: "time", Value: ircbus.FormatTime(r.At)}).Canonical()
	}
	m := c.message("PRIVMSG")
	m.at, m.exact, m.repeat = r.At, true, r.Duplicate
	c.response = append(c.response, m.packed(p.channel, r.ID, fields, c.caps)...)
}

// refuse counts a refusal.
func (s *Server) refuse(r *ircbus.Refusal) {
	s.stats.refused.Add(1)
	s.cfg.Refused(r.Code)
}
