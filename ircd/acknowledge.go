package ircd

import (
	"errors"
	"strconv"

	"github.com/ircbus/ircbus"
)

// flight is a batch on its way to the store while the read loop takes the next
// lines: who sends much does not wait for the disk and the disk not for him. One
// is stored while the one before it is answered; everything is stored and
// answered in its order.
type flight struct {
	lines  []publication
	before *flight       // nil if it is the first or that has landed; owned by the read loop
	stored chan struct{} // closed when the next may be stored
	done   chan struct{} // closed when all is answered
}

// publish stores everything pending as one batch and answers each line in its
// order (docs/protocol.md, "Publishing over IRC").
func (c *client) publish() {
	if c.flight != nil {
		c.conn.endTurn()
		c.flight.land()
		c.flight = nil
	}
	if len(c.pending) == 0 {
		return
	}
	c.conn.endTurn()
	receipts, err := c.store(c.pending, c.desk)
	c.complete(c.pending, c.desk, receipts, err)
	clear(c.pending)
	c.pending, c.desk = c.pending[:0], nil
	if cap(c.pending) > maxIdlePending {
		c.pending = nil
	}
}

// maxIdlePending is how many lines have room that is kept for the next.
const maxIdlePending = 64

// takeOff is publish for who has sent more behind it, which is read meanwhile.
// Two flights are under way at most.
func (c *client) takeOff() {
	c.conn.endTurn()
	before, lines, d := c.flight, c.pending, c.desk
	c.pending, c.desk = nil, nil
	if before != nil && before.before != nil {
		c.pending = before.before.land()
		before.before = nil
	}
	f := &flight{lines: lines, before: before, stored: make(chan struct{}), done: make(chan struct{})}
	c.flight = f
	c.srv.wg.Go(func() { c.fly(f, before, d) })
}

// fly stores and answers a flight after the one before it.
func (c *client) fly(f, before *flight, d *desk) {
	defer close(f.done)
	if before != nil {
		<-before.stored
	}
	receipts, err := c.store(f.lines, d)
	close(f.stored)
	if before != nil {
		<-before.done
	}
	c.complete(f.lines, d, receipts, err)
	clear(f.lines)
}

// land waits until a flight is stored and answered, and with it those before. It
// returns the room for other lines.
func (f *flight) land() (room []publication) {
	<-f.done
	return f.lines[:0]
}

// complete answers the lines of a batch, given what the store has said.
func (c *client) complete(lines []publication, d *desk, receipts []ircbus.Receipt, err error) {
	if answer := c.acknowledge(lines, d, receipts, err); len(answer) > 0 {
		c.conn.reply(answer)
	}
	d.person.touch()
}

// store appends the events of a batch's lines.
func (c *client) store(lines []publication, d *desk) ([]ircbus.Receipt, error) {
	events := make([]ircbus.Event, 0, len(lines))
	for _, p := range lines {
		if p.fields != nil {
			events = append(events, ircbus.Event{Channel: p.channel, Publisher: d.publisher, Fields: p.fields})
		}
	}
	if len(events) == 0 {
		return nil, nil
	}
	s := c.srv
	d.own.storing.Store(true)
	receipts, err := s.cfg.Append(s.ctx, events)
	if err == nil && len(receipts) != len(events) {
		err = errors.New("the store's receipts do not match the batch")
	}
	if err != nil {
		var r *ircbus.Refusal
		if !errors.As(err, &r) {
			c.log().Error("storing events failed", "err", err)
		}
		receipts = nil
	}
	s.stored(d.own, receipts)
	return receipts, err
}

// typicalAnswer is how many bytes an acknowledgement has room for.
const typicalAnswer = 384

// acknowledge makes the answers to the lines, given what the store has said.
func (c *client) acknowledge(lines []publication, d *desk, receipts []ircbus.Receipt, err error) []byte {
	answer := make([]byte, 0, typicalAnswer*len(lines))
	for _, p := range lines {
		if p.fields != nil && err == nil {
			c.srv.countReceipt(receipts[0])
			c.noteStored(&p, receipts[0].ID)
			answer = d.appendReceipt(answer, &p, receipts[0])
			receipts = receipts[1:]
			continue
		}
		var refusals []message
		if p.fields != nil {
			p.refused = refusal(err)
		}
		if p.refused != nil {
			c.nameCut(&p)
			c.srv.refuse(p.refused)
			refusals = []message{refused(p.command, p.channel, p.refused).message(d.server, d.nick, d.caps)}
		}
		answer = appendAnswer(answer, refusals, p.label, d.server, d.caps)
	}
	return answer
}

func (s *Server) countReceipt(r ircbus.Receipt) {
	if r.Duplicate {
		s.stats.duplicates.Add(1)
	} else {
		s.stats.accepted.Add(1)
	}
}

// refuse counts a refusal.
func (s *Server) refuse(r *ircbus.Refusal) {
	s.stats.refused.Add(1)
	s.cfg.Refused(r.Code)
}

// appendReceipt appends the acknowledgement of a stored event: its echo, for who
// wants echoes.
func (d *desk) appendReceipt(dst []byte, p *publication, r ircbus.Receipt) []byte {
	if !d.caps.has(capEchoMessage) {
		return appendAnswer(dst, nil, p.label, d.server, d.caps)
	}
	fields := p.fields.WithTime(ircbus.FormatTime(r.At))
	m := message{source: d.source, at: r.At, exact: true, repeat: r.Duplicate, account: d.publisher, bot: true}
	if echo, fits := d.appendLine(dst, m, p, r.ID, fields); fits {
		return echo
	}
	return appendAnswer(dst, m.packed(p.channel, r.ID, fields, d.caps), p.label, d.server, d.caps)
}

// appendLine is appendReceipt for an event that fits into a line.
func (d *desk) appendLine(dst []byte, m message, p *publication, id ircbus.ID, fields ircbus.Fields) (echo []byte, fits bool) {
	if d.caps.has(capLabeledResponse) {
		m.label = p.label
	}
	m.msgid = strconv.FormatUint(uint64(id), 10)
	echo = m.appendTags(dst, d.caps.tags())
	start := len(echo)
	echo = append(append(append(append(echo, ':'), m.source...), " PRIVMSG "...), p.channel...)
	echo = append(append(append(echo, " :id="...), m.msgid...), '&')
	echo = append(fields.Append(echo), '\r', '\n')
	return echo, len(echo)-start <= maxLine
}
