package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// chunkSize is how many bytes of an answer are held in memory. The store is not
// read while they are written, so a slow reader holds nothing open in it.
const chunkSize = 256 << 10

// wholeSize is how many bytes of items an answer may have whose format wants all
// of them at once; a page that would have more ends early.
const wholeSize = 1 << 20

// serveChanges is GET /changes (docs/protocol.md, "Getting old events").
func (h *Handler) serveChanges(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	q, err := parseRange(values, r.Header.Get("Accept"), time.Now(), h.resolver(ctx))
	if err != nil {
		return err
	}
	base := h.base(r)
	p := page{h: h, q: q, fill: newFiller(h.Wikis()), env: envelope{base: base, self: base + r.URL.RequestURI(), title: h.Name}}
	p.enc = q.format.encoder(&p.env)
	w.Header().Set("Vary", "Accept, Accept-Encoding, Authorization")
	if err := p.pin(ctx); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if tag := p.etag(ctx); tag != "" {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache") // retention may still remove events
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	if p.mayWait(ctx) {
		if err := p.waitAndOpen(w, r); err != nil {
			return err
		}
	}
	return p.write(w, r)
}

// page makes one answer: it fills a chunk from the store before the answer
// begins, because the answer's first line says what its last event is.
type page struct {
	h    *Handler
	q    rangeQuery
	enc  encoder
	fill filler
	env  envelope

	pinned history.Bounds // when the page was opened; nothing newer is in it
	rows   []byte         // encoded events
	n      int            // events encoded
	last   ircbus.ID      // the last of them
	more   bool           // the chunk was full before the page was
	next   bool           // something follows the page, or has not been searched
	final  ircbus.ID      // where the page ends: its last event, or the last one searched
	known  bool           // final is known; nothing beyond it is read
	step   int            // events that fitted into the first chunk
}

var errStop = errors.New("stop") // ends a Range or Tail that has done enough

// pin decides at which moment of the log the page is made.
func (p *page) pin(ctx context.Context) (err error) {
	p.pinned, err = p.h.Index.Bounds(ctx, channels(p.q.Views)...)
	p.env.Epoch = p.pinned.Epoch
	return err
}

// open reads the first chunk and finds out where the page ends.
func (p *page) open(ctx context.Context) error {
	if filtered(p.q.Views) {
		done, err := p.h.search(ctx)
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
		q.Limit = p.step // the store should not read what will not fit
		return q
	}
	q.Budget = p.h.budget(q.Views)
	// One more than the page has tells whether another page follows.
	q.Limit += 1 - p.n
	return q
}

// empty reports whether the query cannot match: for history.Query a zero Until
// would mean that there is no bound.
func empty(q history.Query) bool { return q.Until <= q.After }

// read appends encoded events to rows until the chunk or the page is full. When
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
	before := p.n
	err := p.ended(p.h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		switch {
		case p.n == p.q.Limit, p.q.format.whole && len(p.rows) >= wholeSize:
			p.next = true
			return errStop
		case len(p.rows) >= chunkSize && !p.q.format.whole:
			p.more = true
			return errStop
		}
		p.encode(e)
		return nil
	}))
	p.more = p.more || p.known && p.n-before == q.Limit
	return err
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
		filled := p.fill.fill(e)
		e = &filled
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
	p.step = p.n
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

// gap reports whether events that the caller asked for are gone.
func (p *page) gap(b history.Bounds) bool {
	return missing(b, p.q.After, p.q.after, p.q.From)
}

// missing says whether retention has removed events after the cursor, or since
// the time, that somebody asked for; asking for neither asks for what there is.
// A cursor beyond the head is of another database: nobody knows what it missed.
func missing(b history.Bounds, after ircbus.ID, hasAfter bool, from time.Time) bool {
	switch {
	case !hasAfter && from.IsZero(), b.Removed == 0 && after <= b.Head:
		return false
	case after > b.Head:
		return true
	}
	return b.Removed > after && (from.IsZero() || !b.RemovedAt.Before(from))
}

// write answers. The bounds are asked for again after what was read: retention
// may have removed events in between, and a hole must not be silent.
func (p *page) write(w http.ResponseWriter, r *http.Request) error {
	now, err := p.h.Index.Bounds(r.Context(), channels(p.q.Views)...)
	if err != nil {
		return err
	}
	env := &p.env
	env.Head, env.Oldest, env.Gap = p.pinned.Head, now.Oldest, p.gap(now)
	if p.next {
		env.Next = env.base + "/changes?" + p.q.next(p.final)
	}
	setEnvelope(w.Header(), env)
	first := append(p.enc.begin(nil, env), p.rows...)
	if !p.more {
		return p.h.writeWhole(w, r, p.q.format.mime, p.enc.end(first))
	}
	w.Header().Set("Content-Type", p.q.format.mime)
	if r.Method == http.MethodHead {
		return nil
	}
	p.stream(w, r, first, now)
	return nil
}

// stream writes an answer of several chunks. Its header is out when something
// goes wrong, so it breaks the connection then: the reader sees that the answer
// is not whole.
func (p *page) stream(w http.ResponseWriter, r *http.Request, first []byte, told history.Bounds) {
	b := p.h.newBody(w, r, len(first))
	_, err := b.Write(first)
	for err == nil && p.more {
		p.rows = p.rows[:0]
		if err = p.readOn(r.Context(), &told); err == nil {
			_, err = b.Write(p.rows)
		}
	}
	if err == nil {
		_, err = b.Write(p.enc.end(p.rows[:0]))
	}
	if err == nil {
		err = b.Close()
	}
	if err != nil {
		p.h.Logger.Debug("answer broken off", "path", r.URL.Path, "err", err)
		panic(http.ErrAbortHandler)
	}
}

// readOn reads the next chunk of a page that has begun with what it says of
// removals: it fails if a later one has taken events that should have followed.
func (p *page) readOn(ctx context.Context, told *history.Bounds) error {
	last := p.last
	if err := p.read(ctx); err != nil {
		return err
	}
	now, err := p.h.Index.Bounds(ctx, channels(p.q.Views)...)
	if err != nil {
		return err
	}
	lost := now.Removed > told.Removed && now.Removed > last
	if p.q.Desc {
		lost = p.gap(now) != p.gap(*told)
	}
	if lost && !p.gap(*told) {
		return errors.New("retention removed events while they were being sent")
	}
	*told = now
	return nil
}

// setEnvelope gives the envelope in headers too, for the formats without one.
func setEnvelope(header http.Header, env *envelope) {
	header.Set("Ircbus-Epoch", env.Epoch)
	header.Set("Ircbus-Head", strconv.FormatUint(uint64(env.Head), 10))
	header.Set("Ircbus-Oldest", strconv.FormatUint(uint64(env.Oldest), 10))
	header.Set("Ircbus-Gap", strconv.FormatBool(env.Gap))
	if env.Next != "" {
		header.Set("Link", "<"+env.Next+`>; rel="next"`)
	}
}
