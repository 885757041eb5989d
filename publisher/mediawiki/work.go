package mediawiki

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ircbus/ircbus"
)

const (
	maxBatch     = 512         // packets parsed and appended at once
	reportEvery  = time.Minute // how often the same kind of trouble is logged
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 5 * time.Second // between two tries while the store is away
	drainTimeout = 3 * time.Second // for what is queued when Run ends
)

// work parses and appends what is queued until the queue is closed and empty.
func (s *Source) work(ctx context.Context) {
	storing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(drainTimeout, cancel) })
	defer stop()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	defer s.report.flush()
	batch := make([][]byte, 0, maxBatch)
	for more := true; more; {
		select {
		case <-s.queue.ready:
			batch, more = s.queue.take(batch[:0], maxBatch)
			s.store(storing, batch)
			s.queue.done(batch)
			clear(batch)
			s.report.first()
		case <-tick.C:
			s.report.flush()
		}
	}
}

// store makes events of packets and appends them.
func (s *Source) store(ctx context.Context, batch [][]byte) {
	events := make([]ircbus.Event, 0, len(batch))
	for _, packet := range batch {
		change, err := Parse(packet)
		if err != nil {
			s.counts.malformed.Add(1)
			s.cfg.Refused(ircbus.InvalidEvent)
			s.report.note(&s.report.malformed, err.Error())
			continue
		}
		if event, ok := s.event(ctx, change); ok {
			events = append(events, event)
		}
	}
	if len(events) > 0 {
		s.append(ctx, events)
	}
}

// event addresses a change; false means that the bus does not take it.
func (s *Source) event(ctx context.Context, c *Change) (ircbus.Event, bool) {
	if c.Wiki == "" {
		if s.cfg.Wiki == "" {
			s.counts.malformed.Add(1)
			s.cfg.Refused(ircbus.InvalidEvent)
			s.report.note(&s.report.malformed, "an IRC line does not say which wiki it is from: give the feed's address a path, as in udp://host:port/#mywiki")
			return ircbus.Event{}, false
		}
		c.named(s.cfg.Wiki)
	}
	fields, err := ircbus.Accept(c.Fields, s.cfg.MaxBody)
	if err != nil {
		s.refuse(err)
		return ircbus.Event{}, false
	}
	to, ok := s.target(ctx, c)
	if !ok {
		return ircbus.Event{}, false
	}
	return ircbus.Event{Channel: to.channel, Publisher: to.account, Fields: fields}, true
}

// append stores events, whatever it takes, until ctx ends. If the log refuses a
// batch for one event's sake, the others are stored without it.
func (s *Source) append(ctx context.Context, events []ircbus.Event) {
	var receipts []ircbus.Receipt
	err := s.retry(ctx, func() (err error) {
		receipts, err = s.cfg.Append(ctx, events)
		return err
	})
	switch {
	case err == nil:
		for _, receipt := range receipts {
			if receipt.Duplicate {
				s.counts.duplicates.Add(1)
			} else {
				s.counts.events.Add(1)
			}
		}
	case ctx.Err() != nil:
		s.counts.queueDrops.Add(uint64(len(events)))
	case len(events) == 1:
		s.refuse(err)
	default:
		for i := range events {
			s.append(ctx, events[i:i+1])
		}
	}
}

// retry calls try until it succeeds, is refused for good, or ctx ends.
func (s *Source) retry(ctx context.Context, try func() error) error {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := try()
		if err == nil || final(err) || ctx.Err() != nil {
			return err
		}
		s.report.note(&s.report.store, err.Error())
		s.report.first()
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// final reports whether another try is pointless.
func final(err error) bool {
	var refusal *ircbus.Refusal
	return errors.As(err, &refusal) && refusal.Code != ircbus.StoreUnavailable
}

func (s *Source) refuse(err error) {
	code := ircbus.InvalidEvent
	var refusal *ircbus.Refusal
	if errors.As(err, &refusal) {
		code = refusal.Code
	}
	s.counts.refused.Add(1)
	s.cfg.Refused(code)
	s.report.note(&s.report.refused, err.Error())
}
