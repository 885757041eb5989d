package account

import "time"

// policy says how long failures keep the next try waiting: not at all for the
// first ones, then base, doubling up to max.
type policy struct {
	free      int
	base, max time.Duration
}

func (p policy) delay(failures int) time.Duration {
	over := failures - p.free
	if over <= 0 {
		return 0
	}
	return min(p.base<<min(over-1, 20), p.max)
}

// tally counts the failures of one.
type tally struct {
	failures int
	last     time.Time
	until    time.Time // when the next try may be
}

func (t tally) over(now time.Time) bool { return now.Sub(t.last) > forgetAfter }

// ledger holds the tallies of at most limit keys. It is its user's to guard.
type ledger[K comparable] struct {
	tallies map[K]tally
	limit   int
}

func newLedger[K comparable](limit int) ledger[K] {
	return ledger[K]{tallies: map[K]tally{}, limit: limit}
}

func (l *ledger[K]) has(k K, now time.Time) bool {
	t, ok := l.tallies[k]
	return ok && !t.over(now)
}

func (l *ledger[K]) failures(k K, now time.Time) int {
	if t := l.tallies[k]; !t.over(now) {
		return t.failures
	}
	return 0
}

func (l *ledger[K]) wait(k K, now time.Time) time.Duration {
	return max(l.tallies[k].until.Sub(now), 0)
}

func (l *ledger[K]) fail(k K, p policy, now time.Time) {
	t, ok := l.tallies[k]
	if !ok {
		l.makeRoom(now)
	}
	if t.over(now) {
		t = tally{}
	}
	t.failures++
	t.last, t.until = now, now.Add(p.delay(t.failures))
	l.tallies[k] = t
}

// makeRoom drops, when the ledger is full, all that is over and then arbitrary
// others until an eighth is free, so that it is rarely called in earnest.
func (l *ledger[K]) makeRoom(now time.Time) {
	if len(l.tallies) < l.limit {
		return
	}
	for k, t := range l.tallies {
		if t.over(now) {
			delete(l.tallies, k)
		}
	}
	for k := range l.tallies {
		if len(l.tallies) <= l.limit-l.limit/8 {
			return
		}
		delete(l.tallies, k)
	}
}
