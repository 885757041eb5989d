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
	mu    sync.Mutex
	known map[string]*kind
}

// kind is what was written of one kind in the present minute.
type kind struct {
	said map[string]bool // by the values; at most seldomBurst
	more int             // that were not written
	last slog.Record     // of these
}

// newSeldom returns a handler that writes to next.
func newSeldom(next slog.Handler) slog.Handler {
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
	case k == nil && len(s.kinds.known) >= seldomKinds:
		return true
	case k == nil:
		s.kinds.known[name] = &kind{said: map[string]bool{values: true}}
		time.AfterFunc(seldomEvery, func() { s.summarize(name) })
		return true
	case !k.said[values] && len(k.said) < seldomBurst:
		k.said[values] = true
		return true
	}
	k.more++
	k.last = r.Clone()
	return false
}

// summarize ends a kind's minute.
func (s seldom) summarize(name string) {
	s.kinds.mu.Lock()
	k := s.kinds.known[name]
	delete(s.kinds.known, name)
	s.kinds.mu.Unlock()
	if k.more > 0 {
		k.last.AddAttrs(slog.Int("repeated", k.more))
		_ = s.Handler.Handle(context.Background(), k.last) // nobody could be told
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
