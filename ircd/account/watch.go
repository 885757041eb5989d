package account

import (
	"context"
	"time"
)

// saveEvery is how often Watch may write from where accounts have logged in.
const saveEvery = 10 * time.Second

// Watch calls fn with all accounts at once, and again soon after each change of
// the file, whoever made it; changes that come quickly may be seen as one. Those
// who logged in as one of the revoked accounts before the change should be let
// go: it has been removed, or has lost its role, its password or a token. If the
// file becomes unreadable, Watch says so in the log, and the last good content
// stays in force. Watch returns when ctx ends, with its error, or at once if the
// file is bad to begin with.
func (s *Store) Watch(ctx context.Context, fn func(accounts []Account, revoked []string)) error {
	seen, err := s.current()
	if err != nil {
		return err
	}
	fn(seen.accounts(), nil)
	defer s.saveKnown()
	save := time.Now().Add(saveEvery)
	tick := time.NewTicker(s.poll)
	defer tick.Stop()
	for {
		b, changed := s.latest()
		if b != seen {
			fn(b.accounts(), b.revoked(seen, time.Now()))
			seen = b
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-tick.C:
			if time.Now().After(save) {
				s.saveKnown()
				save = time.Now().Add(saveEvery)
			}
		}
	}
}

// saveKnown keeps from where accounts have logged in. Failing costs nobody more than
// a wait, so it is only logged.
func (s *Store) saveKnown() {
	if s.knownFile == "" {
		return
	}
	if err := s.door.throttle.saveKnown(s.knownFile); err != nil {
		s.log.Warn("from where accounts have logged in is not kept", "err", err)
	}
}

// latest returns the newest good content, and a channel that is closed when
// there is a newer one. It logs, once, why the file is not good now.
func (s *Store) latest() (*book, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.broken
	if err := s.refresh(); err != nil && before == nil {
		s.log.Error("the accounts file is not usable, the accounts stay as they were", "err", err)
	}
	return s.book, s.changed
}
