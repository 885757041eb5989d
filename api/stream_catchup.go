package api

import (
	"context"
	"errors"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Sizes of catching up.
const (
	catchUpStep = 8 << 20 // bytes of events read at one turn
	nearHead    = 1000    // ids before the head from where on Tail goes on
)

// slowWrite is how long a write may take until the reader counts as behind.
const slowWrite = time.Second

// errBehind is deliver's error when its reader was so slow that much may have
// been stored meanwhile.
var errBehind = errors.New("the reader is behind")

// follow delivers everything after the cursor, from the index while there is
// much of it, else from Tail.
func (s *stream) follow(ctx context.Context) error {
	for {
		if err := s.catchUp(ctx); err != nil {
			return err
		}
		deliver := func(events []ircbus.Event) error { return s.deliver(ctx, events) }
		if err := s.h.Log.Tail(ctx, s.after, deliver); !errors.Is(err, errBehind) {
			return err
		}
	}
}

// catchUp brings the reader to the end of the log, or near it. Unlike Tail it
// asks the index, which finds channels and filters by itself; and streams take
// turns, so that any number of them leaves the processors to others.
func (s *stream) catchUp(ctx context.Context) error {
	for {
		head, err := s.mend(ctx)
		if err != nil || head <= s.after+nearHead {
			return err
		}
		if err := s.step(ctx, head); err != nil {
			return err
		}
	}
}

// mend tells of events after the cursor that retention has removed since the
// reader was told last. It returns the head.
func (s *stream) mend(ctx context.Context) (head ircbus.ID, err error) {
	b, err := s.h.Index.Bounds(ctx, channels(s.views)...)
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Removed > s.gapTo && missing(b, s.after, true, s.from) {
		s.tellGap(b)
	}
	s.bounds = b
	return b.Head, s.flush()
}

// step delivers some of the events up to head. If retention removes any of them
// meanwhile it delivers none, so that mend can tell that before.
func (s *stream) step(ctx context.Context, head ircbus.ID) error {
	done, err := s.h.catchUps.Take(ctx, s.peer)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	after, told := s.after, s.told
	last, err := s.readStep(ctx, head)
	done()
	if err != nil {
		return err
	}
	now, err := s.h.Index.Bounds(ctx, channels(s.views)...)
	if err != nil {
		return err
	}
	if now.Removed > max(s.bounds.Removed, after) {
		s.buf, s.told = s.buf[:0], told
		return nil
	}
	s.after = last
	return s.flush()
}

// readStep appends events to buf and returns up to which id it has searched.
func (s *stream) readStep(ctx context.Context, head ircbus.ID) (last ircbus.ID, err error) {
	q := history.Query{After: s.after, Until: head, From: s.from, Views: s.views, Budget: catchUpStep}
	last = s.after
	err = s.h.Index.Range(ctx, q, func(e *ircbus.Event) error {
		last = e.ID
		if s.append(e); len(s.buf) >= chunkSize {
			return errStop
		}
		return nil
	})
	unfinished := (*history.Unfinished)(nil)
	switch {
	case err == nil:
		return head, nil
	case errors.As(err, &unfinished):
		return unfinished.Last, nil
	case errors.Is(err, errStop), errors.Is(err, history.ErrRemoved):
		return last, nil
	}
	return last, err
}
