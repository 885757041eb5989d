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
	d := c.sitDown()
	channel := d.publishesIn(msg.Params[0])
	if channel == "" {
		return false
	}
	c.desk = d
	c.addLine(labelOf(msg), channel, msg.Params[1])
	return true
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
			line.event = &ircbus.Event{Channel: channel, Publisher: c.desk.publisher, Fields: fields}
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
	if answer := c.acknowledge(receipts, err); len(answer) > 0 {
		c.conn.reply(answer)
	}
	c.desk.person.touch()
	clear(c.pending)
	c.pending, c.desk = c.pending[:0], nil
	if cap(c.pending) > 64 {
		c.pending = nil
	}
}

// store appends the batch.
func (c *client) store(batch []ircbus.Event) ([]ircbus.Receipt, error) {
	if len(batch) == 0 {
		return nil, nil
	}
	s := c.srv
	c.desk.own.storing.Store(true)
	receipts, err := s.cfg.Append(s.ctx, batch)
	if err == nil && len(receipts) != len(batch) {
		err = errors.New("the store's receipts do not match the batch")
	}
	if err != nil {
		var r *ircbus.Refusal
		if !errors.As(err, &r) {
			c.log().Error("storing events failed", "err", err)
		}
		receipts = nil
	}
	s.stored(c.desk.own, receipts)
	return receipts, err
}

// acknowledge makes the answers to all that was pending, given what the store
// has said.
func (c *client) acknowledge(receipts []ircbus.Receipt, err error) (answer []byte) {
	var lines []message
	for _, p := range c.pending {
		lines = lines[:0]
		switch {
		case p.event == nil:
		case err != nil:
			p.refused = refusal(err)
		default:
			lines = c.receipt(lines, &p, receipts[0])
			receipts = receipts[1:]
		}
		if p.refused != nil {
			c.srv.refuse(p.refused)
			lines = append(lines, refused(p.channel, p.refused).message(c.desk.server, c.desk.nick, c.desk.caps))
		}
		answer = appendAnswer(answer, lines, p.label, c.desk.server, c.desk.caps)
	}
	return answer
}

// receipt appends the acknowledgement of a stored event, its echo, for who wants
// echoes.
func (c *client) receipt(lines []message, p *publication, r ircbus.Receipt) []message {
	if r.Duplicate {
		c.srv.stats.duplicates.Add(1)
	} else {
		c.srv.stats.accepted.Add(1)
	}
	d := c.desk
	if !d.caps.has(capEchoMessage) {
		return lines
	}
	fields := p.event.Fields
	if !fields.Has("time") {
		fields = append(fields[:len(fields):len(fields)], ircbus.Field{Key: "time", Value: ircbus.FormatTime(r.At)}).Canonical()
	}
	m := message{source: d.source, at: r.At, exact: true, repeat: r.Duplicate, account: d.publisher, bot: true}
	return append(lines, m.packed(p.channel, r.ID, fields, d.caps)...)
}

// refuse counts a refusal.
func (s *Server) refuse(r *ircbus.Refusal) {
	s.stats.refused.Add(1)
	s.cfg.Refused(r.Code)
}
