package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// heartbeat is how often a stream that has nothing to say says so.
const heartbeat = 15 * time.Second

// serveStream is GET /stream (docs/protocol.md, "Live over HTTP"): Server-Sent
// Events, or event objects a line.
func (h *Handler) serveStream(w http.ResponseWriter, r *http.Request) error {
	values, err := parseQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	p := params{values: values, now: time.Now()}
	s := stream{h: h, peer: counted(r)}
	s.lines = p.lines(r.Header.Get("Accept"))
	s.after, s.hasAfter = p.cursor(r.Header)
	if !p.isNow("from") { // else it is as without
		s.from = p.time("from")
	}
	s.foreign = ircbus.Cursor{Epoch: p.epoch}.Foreign(h.Index.Epoch())
	if s.views = p.views(h.resolver(r.Context())); p.err != nil {
		return p.err
	}
	s.matcher = ircbus.NewMatcher(s.views)
	done, err := h.waiting(w, r)
	if err != nil {
		return err
	}
	defer done()
	h.warn(r.Context(), w.Header(), s.views, s.peer)
	if err := s.start(r.Context()); err != nil {
		return err
	}
	return s.run(w, r)
}

// lines chooses between SSE (false) and newline-delimited JSON.
func (p *params) lines(accept string) bool {
	ndjson := formats[slices.IndexFunc(formats, func(f *format) bool { return f.name == "ndjson" })]
	name, ok := p.one("format")
	if !ok {
		return choose(accept, [][]string{{"text/event-stream"}, ndjson.accept}) == 1
	}
	if name != "sse" && name != "ndjson" {
		p.fail("format", "%q is neither sse nor ndjson", clip(name))
	}
	return name == "ndjson"
}

// cursor is where to go on: Last-Event-ID, which a browser sends when it
// connects again, comes after the address's own after=.
func (p *params) cursor(header http.Header) (ircbus.ID, bool) {
	after, ok := p.id("after")
	if last := header.Get("Last-Event-ID"); last != "" {
		again := params{values: map[string][]string{"Last-Event-ID": {last}}}
		id, _ := again.id("Last-Event-ID")
		if again.err != nil {
			p.fail("Last-Event-ID", "the header %q is not an event id: use a whole number like 123, or EPOCH-123", clip(last))
		}
		p.epoch = again.epoch
		return id, true
	}
	return after, ok
}

// stream is one reader of GET /stream.
type stream struct {
	h        *Handler
	lines    bool       // ndjson instead of SSE
	peer     netip.Addr // who reads
	views    []ircbus.View
	matcher  *ircbus.Matcher // of views; used by follow alone
	reply    *ircbus.Share   // of what waits to be written; nil for who has an account
	from     time.Time
	hasAfter bool
	foreign  bool // the cursor is of another log
	fill     filler
	bounds   history.Bounds // when they were last asked for
	gap      bool           // what is asked for was not all there then
	gapTo    ircbus.ID      // removals up to here have been told
	w        *streamWriter

	mu    sync.Mutex // guards what follows and keeps writes whole
	after ircbus.ID  // everything up to here has been seen
	told  ircbus.ID  // the last id that the reader knows
	buf   []byte
}

// start finds the cursor: the one given, or the last event before from, or the
// end of what there is.
func (s *stream) start(ctx context.Context) (err error) {
	s.fill = newFiller(s.h.Wikis())
	if s.bounds, err = s.h.Index.Bounds(ctx, channels(s.views)...); err != nil {
		return err
	}
	if s.foreign {
		s.after, s.hasAfter, s.gap = 0, false, true
	} else {
		s.gap = missing(s.bounds, s.after, s.hasAfter, s.from)
	}
	if s.hasAfter {
		return nil
	}
	s.after = s.bounds.Head
	if s.from.IsZero() {
		return nil
	}
	return s.h.Index.Range(ctx, history.Query{From: s.from, Limit: 1, Brief: true}, func(e *ircbus.Event) error {
		s.after = min(s.bounds.Head, e.ID-1)
		return nil
	})
}

// run writes until the reader goes, stalls, or the bus stops. After the header
// nothing can be an error answer any more.
func (s *stream) run(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s.w = &streamWriter{w: w, rc: http.NewResponseController(w), patience: s.h.patience}
	defer context.AfterFunc(s.h.closed, func() {
		cancel()
		s.w.hurry()
	})()
	defer s.w.done()
	if !visitorOf(r).account {
		s.reply = s.h.Replies.Share(func() {
			cancel()
			s.w.hurry()
		})
		defer s.reply.End()
	}
	s.header(w.Header())
	if r.Method == http.MethodHead {
		return nil
	}
	err := s.begin()
	if err == nil {
		var wg sync.WaitGroup
		wg.Go(func() { s.beat(ctx, cancel) })
		err = s.follow(ctx)
		cancel()
		wg.Wait()
	}
	if s.h.closed.Err() != nil || errors.Is(err, history.ErrClosed) {
		s.farewell()
	} else if r.Context().Err() == nil && !errors.Is(err, context.Canceled) {
		s.h.Logger.Warn("stream failed", "remote", r.RemoteAddr, "err", err)
	}
	if s.w.stalled() {
		s.h.cut.Add(1)
		s.h.Logger.Info("slow reader cut off", "remote", r.RemoteAddr, "after", s.after)
	}
	return nil
}

func (s *stream) header(header http.Header) {
	header.Set("Content-Type", "text/event-stream")
	if s.lines {
		header.Set("Content-Type", "application/x-ndjson")
	}
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events back
	setEnvelope(header, &envelope{Epoch: s.bounds.Epoch, Head: s.bounds.Head, Oldest: s.bounds.Oldest,
		Gap: s.gap})
}

// begin writes what makes a reader sure that it is connected, and the gap, if
// what it asks for is not all there.
func (s *stream) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = s.after
	if !s.lines {
		s.buf = append(s.buf, "retry: 2000\n: ircbus "...)
		s.buf = append(s.buf, s.bounds.Epoch...)
		s.buf = append(s.buf, "\n\n"...)
	}
	switch after := s.after; {
	case s.foreign: // nothing of this log is known to have been seen
		s.after = 0
		s.tellGap(s.bounds)
		s.after = after
	case s.gap:
		s.tellGap(s.bounds)
	}
	if s.after > s.bounds.Head { // a cursor of another database
		s.after = s.bounds.Head
	}
	return s.flush()
}

// deliver is Tail's callback. Where retention overtakes Tail, ids are missing
// before an event.
func (s *stream) deliver(ctx context.Context, events []ircbus.Event) error {
	in, err := s.h.choose(ctx, s.matcher, s.peer, events)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bounds, err := s.removed(events)
	if err != nil {
		return err
	}
	for i := range events {
		e := &events[i]
		if e.ID != s.after+1 && bounds.Removed > max(s.gapTo, s.after) {
			s.tellGap(bounds)
		}
		s.after = e.ID
		if in[i] && within(e.At, s.from, time.Time{}) {
			s.append(e)
		}
		if len(s.buf) >= chunkSize {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	began := time.Now()
	if err := s.flush(); err != nil {
		return err
	}
	if time.Since(began) > s.h.slowWrite {
		return errBehind
	}
	return nil
}

// removed asks what retention has removed, if the events' ids leave room for
// anything to have been removed before them.
func (s *stream) removed(events []ircbus.Event) (history.Bounds, error) {
	if n := len(events); n == 0 || events[n-1].ID == s.after+ircbus.ID(n) {
		return history.Bounds{}, nil
	}
	return s.h.Index.Bounds(context.Background(), channels(s.views)...)
}

// beat writes the heartbeat. When it cannot, it ends the stream.
func (s *stream) beat(ctx context.Context, cancel context.CancelFunc) {
	ticker := time.NewTicker(s.h.heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		s.mu.Lock()
		s.fill = newFiller(s.h.Wikis())
		s.appendBeat()
		err := s.flush()
		s.mu.Unlock()
		if err != nil {
			cancel()
			return
		}
	}
}

// farewell tells the reader that the bus stops; it will connect again and resume.
func (s *stream) farewell() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lines {
		s.buf = append(s.buf, "event: end\ndata: {\"reason\":\"the bus is stopping\"}\n\n"...)
		_ = s.flush() // the connection ends in either case
	}
}

// flush writes buf out. s.mu must be held.
func (s *stream) flush() error {
	if len(s.buf) == 0 {
		return nil
	}
	if over := s.reply.Set(len(s.buf)); over != nil {
		over.Cut()
	}
	err := s.w.write(s.buf)
	s.reply.Set(0)
	s.buf = s.buf[:0]
	if cap(s.buf) > 64<<10 { // an idle reader keeps little
		s.buf = nil
	}
	return err
}
