package sqlite

import (
	"context"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// request is a batch on its way to the writer and back.
type request struct {
	ctx      context.Context
	events   []pending
	receipts []ircbus.Receipt // written by the writer before done
	done     chan error       // has room for the one answer
}

// pending is an event made ready, by its appender, for the writer.
type pending struct {
	event ircbus.Event // a copy whose fields are in canonical order
	body  []byte       // the fields' canonical form
	key   string       // "" if it has none

	// Where the time of acceptance has to be filled in; field is -1 if the
	// publisher has said when it happened.
	field, offset int
}

// Append implements history.Log.
func (s *Store) Append(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(batch) == 0 {
		return nil, s.ended(ctx)
	}
	r := &request{
		ctx:      ctx,
		events:   make([]pending, len(batch)),
		receipts: make([]ircbus.Receipt, len(batch)),
		done:     make(chan error, 1),
	}
	for i := range batch {
		if err := r.events[i].prepare(&batch[i]); err != nil {
			return nil, err
		}
	}
	select {
	case <-s.closing:
		return nil, history.ErrClosed
	default:
	}
	if s.lead(r) {
		return r.wait(context.Background(), s.done)
	}
	s.waiting.Add(1)
	select {
	case s.queue <- r:
	case <-ctx.Done():
		s.waiting.Add(-1)
		return nil, ctx.Err()
	case <-s.closing:
		return nil, history.ErrClosed
	}
	return r.wait(ctx, s.done)
}

// lead commits a batch at once if nobody is writing and nobody waits to: no other
// goroutine need then be woken, neither before the disk nor after it.
func (s *Store) lead(r *request) bool {
	if s.waiting.Load() > 0 || !s.writing.TryLock() {
		return false
	}
	defer s.writing.Unlock()
	if s.ended(r.ctx) != nil {
		return false
	}
	s.writer.commit([]*request{r})
	return true
}

// wait returns the writer's answer. A request that came too late for the writer
// has none.
func (r *request) wait(ctx context.Context, ended <-chan struct{}) ([]ircbus.Receipt, error) {
	var err error
	select {
	case err = <-r.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-ended:
		select {
		case err = <-r.done:
		default:
			return nil, history.ErrClosed
		}
	}
	if err != nil {
		return nil, err
	}
	return r.receipts, nil
}

// timeGap stands for the time of acceptance until it is known.
const timeGap = ircbus.TimeLayout

func (p *pending) prepare(e *ircbus.Event) error {
	switch {
	case e.Channel == "" || e.Publisher == "":
		return ircbus.Refuse(ircbus.InvalidEvent, "the event has no channel or no publisher")
	case len(e.Fields) == 0:
		return ircbus.Refuse(ircbus.InvalidEvent, "the event has no fields")
	case len(e.Fields) > ircbus.MaxFields:
		return ircbus.Refuse(ircbus.EventTooLarge, "the event has %d fields, the limit is %d", len(e.Fields), ircbus.MaxFields)
	}
	p.event = ircbus.Event{Channel: e.Channel, Publisher: e.Publisher}
	p.key = e.Fields.Get("key")
	p.field = -1
	if e.Fields.Has("time") {
		p.event.Fields = e.Fields.Canonical()
		p.body = p.event.Fields.Append(nil)
		return nil
	}
	p.event.Fields = e.Fields.WithTime(timeGap)
	for i, field := range p.event.Fields {
		if field.Key == "time" {
			p.field = i
		}
	}
	p.body = p.event.Fields[:p.field+1].Append(make([]byte, 0, 256))
	p.offset = len(p.body) - len(timeGap)
	if after := p.event.Fields[p.field+1:]; len(after) > 0 {
		p.body = after.Append(append(p.body, '&'))
	}
	return nil
}

// accept gives the event its place in the log.
func (p *pending) accept(id ircbus.ID, at time.Time, formatted string) {
	p.event.ID, p.event.At = id, at
	if p.field >= 0 {
		p.event.Fields[p.field].Value = formatted
		copy(p.body[p.offset:], formatted)
	}
}
