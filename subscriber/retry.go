package subscriber

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 200 * time.Millisecond
	limitPause = 30 * time.Second
)

// backoff gives the pause before the next try: doubling, each shortened at
// random by up to a half, so that the many followers of a bus that comes back do
// not all knock at once.
type backoff struct{ next time.Duration }

func (b *backoff) pause() time.Duration {
	b.next = min(max(b.next*2, firstPause), limitPause)
	return b.next/2 + rand.N(b.next/2+1)
}

func (b *backoff) reset() { b.next = 0 }

// finalError ends Follow; its content is what the caller gets.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

// survive returns nil if another try makes sense.
func (f *follower) survive(ctx context.Context, err error) error {
	var final *finalError
	if errors.As(err, &final) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var status *statusError
	var login *LoginError
	if !f.begun && (errors.As(err, &login) || errors.As(err, &status) && status.refused()) {
		return &finalError{err}
	}
	f.complain(err)
	return nil
}

// overcome is survive, and then stays away for as long as the bus wants.
func (f *follower) overcome(ctx context.Context, err error) error {
	if final := f.survive(ctx, err); final != nil {
		return final
	}
	var status *statusError
	if !errors.As(err, &status) || status.later == 0 {
		return nil
	}
	return sleep(ctx, status.later)
}

// sleep returns after a while, or with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// complain logs an error that is tried to be overcome, the same one only once.
func (f *follower) complain(err error) {
	level := slog.LevelDebug
	if err.Error() != f.noted {
		f.noted, level = err.Error(), slog.LevelWarn
	}
	f.log.Log(context.Background(), level, "not connected to the bus, trying again", "err", err)
}

// connected logs that all is well; aloud only after something was not.
func (f *follower) connected(l *live) {
	level := slog.LevelDebug
	if f.noted != "" {
		f.noted, level = "", slog.LevelInfo
	}
	f.log.Log(context.Background(), level, "connected to the bus", "after", uint64(f.pos.ID), "irc", l.net.RemoteAddr().String())
}

// poll gets events over HTTP alone for a while, in place of a pause.
func (f *follower) poll(ctx context.Context, pause time.Duration) error {
	until := time.Now().Add(pause)
	for f.known && f.views != nil {
		left := time.Until(until)
		if left <= 0 {
			return nil
		}
		_, err := f.fetch(ctx, left)
		if errors.Is(err, errOtherLog) {
			continue
		}
		if err != nil {
			if err := f.overcome(ctx, err); err != nil {
				return err
			}
			break
		}
		if left < time.Second { // the bus waits for whole seconds
			break
		}
	}
	return sleep(ctx, time.Until(until))
}
