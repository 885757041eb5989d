package api

import (
	"context"
	"errors"
	"net/netip"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// chunkSize is how many bytes of an answer are held in memory. The store is not
// read while they are written, so a slow reader holds nothing open in it.
const chunkSize = 256 << 10

// wholeSize is how many bytes of items an answer may have whose format wants all
// of them at once; a page that would have more ends early.
const wholeSize = 1 << 20

// page makes one answer: it fills a chunk from the store before the answer
// begins, because the answer's first line says what its last event is.
type page struct {
	h    *Handler
	q    rangeQuery
	enc  encoder
	fill filler
	env  envelope
	from netip.Addr // who asks

	pinned history.Bounds // when the page was opened; nothing newer is in it
	arena  ircbus.Arena   // of the event that is being encoded
	event  ircbus.Event   // that
	rows   []byte         // encoded events
	n      int            // events encoded
	last   ircbus.ID      // the last of them
	more   bool           // the chunk was full before the page was
	next   bool           // something follows the page, or has not been searched
	final  ircbus.ID      // where the page ends: its last event, or the last one searched
	known  bool           // final is known; nothing beyond it is read

	// flush takes a full chunk from rows. Nil is for the first one: nothing is
	// written before it is known where the page ends.
	flush func() error
}

var errStop = errors.New("stop") // ends a Range or Tail that has done enough

// pin decides at which moment of the log the page is made.
func (p *page) pin(ctx context.Context) (err error) {
	p.pinned, err = p.h.Index.Bounds(ctx, channels(p.q.Views)...)
	p.env.Epoch = p.pinned.Epoch
	p.q.pin(p.pinned)
	return err
}

// open reads the first chunk and finds out where the page ends.
func (p *page) open(ctx context.Context) error {
	if filtered(p.q.Views) {
		done, err := p.h.search(ctx, p.from)
		if err != nil {
			return err
		}
		defer done()
	}
	if err := p.read(ctx); err != nil || !p.more {
		return err
	}
	return p.probe(ctx)
}

// rest is the part of the query that has not been read yet.
func (p *page) rest() history.Query {
	q := p.q.Query
	q.Lend = true // an event is encoded at once
	if !p.q.until || q.Until > p.pinned.Head {
		q.Until = p.pinned.Head
	}
	if p.n > 0 && q.Desc {
		q.Until = p.last - 1
	} else if p.n > 0 {
		q.After = p.last
	}
	switch {
	case p.known && q.Desc:
		q.After = max(q.After, p.final-1)
	case p.known:
		q.Until = min(q.Until, p.final)
	}
	if p.known {
		q.Limit = 0
		return q
	}
	if q.Budget = p.h.searchBytes; filtered(p.q.Views) && !p.q.format.whole {
		q.Budget = max(1, q.Budget/3) // for the first chunk, for the end of the page, and for reading up to that
	}
	// One more than the page has tells whether another page follows.
	q.Limit += 1 - p.n
	return q
}

// empty reports whether the query cannot match: for history.Query a zero Until
// would mean that there is no bound.
func empty(q history.Query) bool { return q.Until <= q.After }

// read appends encoded events to rows until the chunk or the page is full, or,
// with flush, all that remain. When
// retention overtakes it, it goes on with what is left: the gap is told from the
// bounds.
func (p *page) read(ctx context.Context) error {
	for {
		if err := p.readOnce(ctx); !errors.Is(err, history.ErrRemoved) {
			return err
		}
	}
}

func (p *page) readOnce(ctx context.Context) error {
	p.more = false
	q := p.rest()
	if empty(q) {
		return nil
	}
	return p.ended(p.h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		switch {
		case !p.known && p.n == p.q.Limit, p.q.format.whole && len(p.rows) >= wholeSize:
			p.next = true
			return errStop
		case len(p.rows) >= chunkSize && !p.q.format.whole && p.flush == nil:
			p.more = true
			return errStop
		case len(p.rows) >= chunkSize && p.flush != nil:
			if err := p.flush(); err != nil {
				return err
			}
		}
		p.encode(e)
		return nil
	}))
}

// ended sorts out why a Range has ended.
func (p *page) ended(err error) error {
	if unfinished := (*history.Unfinished)(nil); errors.As(err, &unfinished) {
		p.next, p.final = true, unfinished.Last
		return nil
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

func (p *page) encode(e *ircbus.Event) {
	if p.q.format.filled {
		p.arena.Reset()
		p.event = p.fill.fillIn(&p.arena, e)
		e = &p.event
	}
	p.rows = p.enc.event(p.rows, e)
	p.last = e.ID
	p.n++
	if !p.known {
		p.final = e.ID
	}
}

// probe finds the end of a page of several chunks.
func (p *page) probe(ctx context.Context) error {
	q := p.rest()
	q.Brief = true
	for {
		n := p.n
		err := p.ended(p.h.Index.Range(ctx, q, func(e *ircbus.Event) error {
			if n == p.q.Limit {
				p.next = true
				return errStop
			}
			p.final = e.ID
			n++
			return nil
		}))
		if !errors.Is(err, history.ErrRemoved) {
			p.known = true
			return err
		}
	}
}
