package bus

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Warnings and errors of one kind, that is with one text, are written once a minute
// if they say the same, and seldomBurst times if they say different things. How many
// others there were is written at the end of the minute.
const (
	seldomEvery = time.Minute
	seldomBurst = 5
	seldomKinds = 1000 // remembered at a time
)

// seldom is the handler under everything that the bus logs: a fault that happens a
// thousand times a second must neither fill the disk nor hide the other lines.
type seldom struct {
	slog.Handler
	context string // what With has added
	kinds   *kinds
}

type kinds struct {
	mu     sync.Mutex
	known  map[string]*kind
	closed bool
}

// kind is what was written of one kind in the present minute.
type kind struct {
	end  *time.Timer
	said map[string]bool // by the values; at most seldomBurst
	more int             // that were not written
	last slog.Record     // of these
	to   slog.Handler    // with what With has added
}

// newSeldom returns a handler that writes to next.
func newSeldom(next slog.Handler) seldom {
	return seldom{Handler: next, kinds: &kinds{known: map[string]*kind{}}}
}

// Handle implements slog.Handler.
func (s seldom) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && !s.admit(r) {
		return nil
	}
	return s.Handler.Handle(ctx, r)
}

// admit reports whether a record is to be written now.
func (s seldom) admit(r slog.Record) bool {
	name, values := s.context+"\x00"+r.Level.String()+"\x00"+r.Message, ""
	r.Attrs(func(a slog.Attr) bool {
		values += a.String() + "\x00"
		return true
	})
	s.kinds.mu.Lock()
	defer s.kinds.mu.Unlock()
	k := s.kinds.known[name]
	switch {
	case k == nil && (s.kinds.closed || len(s.kinds.known) >= seldomKinds):
		return true
	case k == nil:
		k = &kind{said: map[string]bool{values: true}, to: s.Handler}
		s.kinds.known[name] = k
		k.end = time.AfterFunc(seldomEvery, func() { s.kinds.finish(name, k) })
		return true
	case !k.said[values] && len(k.said) < seldomBurst:
		k.said[values] = true
		return true
	}
	k.more++
	k.last = r.Clone()
	return false
}

// finish ends a kind's minute.
func (ks *kinds) finish(name string, k *kind) {
	ks.mu.Lock()
	if ks.known[name] != k {
		ks.mu.Unlock()
		return // close has been here
	}
	delete(ks.known, name)
	ks.mu.Unlock()
	k.summarize()
}

func (k *kind) summarize() {
	if k.more > 0 {
		k.last.AddAttrs(slog.Int("repeated", k.more))
		_ = k.to.Handle(context.Background(), k.last) // nobody could be told
	}
}

// close writes what was repeated in the minutes that have begun. Afterwards every
// record is written, and nothing by itself.
func (s seldom) close() {
	s.kinds.mu.Lock()
	defer s.kinds.mu.Unlock()
	s.kinds.closed = true
	for name, k := range s.kinds.known {
		k.end.Stop()
		delete(s.kinds.known, name)
		k.summarize()
	}
}

// WithAttrs implements slog.Handler.
func (s seldom) WithAttrs(attrs []slog.Attr) slog.Handler {
	context := s.context
	for _, a := range attrs {
		context += a.String() + "\x00"
	}
	return seldom{s.Handler.WithAttrs(attrs), context, s.kinds}
}

// WithGroup implements slog.Handler.
func (s seldom) WithGroup(name string) slog.Handler {
	return seldom{s.Handler.WithGroup(name), s.context + name + ".", s.kinds}
}
