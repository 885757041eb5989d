package ircbus

import (
	"sync"
	"sync/atomic"
)

// Budget is how many bytes strangers together may make the bus keep for them,
// whatever each of them may. Its methods may be called from any goroutine.
type Budget struct {
	limit   int64
	used    atomic.Int64
	pressed chan struct{}

	mu    sync.Mutex
	large map[*Share]struct{} // that can be cut
}

// NewBudget returns a budget of so many bytes.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, large: make(map[*Share]struct{}), pressed: make(chan struct{}, 1)}
}

// Used is how many bytes are kept now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Pressed gets a value when more than a quarter of the budget has come to be used.
func (b *Budget) Pressed() <-chan struct{} { return b.pressed }

// IsPressed reports whether more than a quarter of the budget is used.
func (b *Budget) IsPressed() bool { return b.used.Load() > b.limit/4 }

// add changes what is used, and returns it. mu is held.
func (b *Budget) add(n int64) int64 {
	before := b.IsPressed()
	used := b.used.Add(n)
	if !before && b.IsPressed() {
		select {
		case b.pressed <- struct{}{}:
		default:
		}
	}
	return used
}

// Share is what one connection or request has of a budget. A nil Share has no
// limit, and counts for nobody.
type Share struct {
	of    *Budget
	cut   func()
	bytes atomic.Int64

	listed, ended bool // guarded by Budget.mu
}

// minShare is from how many bytes on a Share counts that is set, and can be cut.
const minShare = 4 << 10

// Share returns one that has nothing yet. cut, if it is not nil, makes who has it
// give everything up: it is called when the share is the largest and there is no
// room. A nil Budget has nil shares.
func (b *Budget) Share(cut func()) *Share {
	if b == nil {
		return nil
	}
	return &Share{of: b, cut: cut}
}

// Take adds so many bytes, if there is room for them. After End nothing counts.
func (s *Share) Take(n int) bool {
	if s == nil {
		return true
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	switch {
	case s.ended:
		return true
	case s.of.used.Load()+int64(n) > s.of.limit:
		return false
	}
	s.of.add(int64(n))
	s.bytes.Add(int64(n))
	return true
}

// Set says how many bytes there are now; one caller at a time may. If that is too
// much in all, it returns who must give way, whose Cut the caller must call where
// it holds no locks; else nil.
func (s *Share) Set(n int) (over *Share) {
	if s == nil {
		return nil
	}
	if n < minShare {
		n = 0
	}
	old := s.bytes.Load()
	if old == int64(n) {
		return nil
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if s.ended {
		return nil
	}
	s.bytes.Store(int64(n))
	used := s.of.add(int64(n) - old)
	switch {
	case n == 0 && s.listed:
		delete(s.of.large, s)
		s.listed = false
	case n > 0 && !s.listed && s.cut != nil:
		s.of.large[s] = struct{}{}
		s.listed = true
	}
	if used <= s.of.limit {
		return nil
	}
	return s.of.largest()
}

// largest takes the largest share out of the budget. mu is held.
func (b *Budget) largest() (found *Share) {
	for s := range b.large {
		if found == nil || s.bytes.Load() > found.bytes.Load() {
			found = s
		}
	}
	if found != nil {
		found.end()
	}
	return found
}

// Cut has the holder of a share that Set returned give everything up.
func (s *Share) Cut() { s.cut() }

// End gives everything back. It may be called again, and Set does nothing then.
func (s *Share) End() {
	if s == nil {
		return
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.end()
}

func (s *Share) end() {
	delete(s.of.large, s)
	s.of.add(-s.bytes.Swap(0))
	s.listed, s.ended = false, true
}
