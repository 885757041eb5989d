package account

import "sync/atomic"

// Stats counts what happened at the door since the store was opened.
type Stats struct {
	Succeeded uint64 // logins with the right secret
	Failed    uint64 // logins with a wrong one, or to no account
	Throttled uint64 // logins refused unseen, after failures
	Verified  uint64 // passwords hashed; the other ones were known or tokens
	Waiting   int    // passwords waiting to be hashed, now
}

type counters struct {
	succeeded, failed, throttled, verified atomic.Uint64
}

// Stats returns the counters.
func (s *Store) Stats() Stats {
	c := &s.door.stats
	return Stats{
		Succeeded: c.succeeded.Load(),
		Failed:    c.failed.Load(),
		Throttled: c.throttled.Load(),
		Verified:  c.verified.Load(),
		Waiting:   int(s.door.waiting.Load()),
	}
}
