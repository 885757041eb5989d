package poll

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"
)

// place is how far the changes of a wiki are known. It is kept as JSON. Times are
// Unix seconds, those of changes by the wiki's clock.
type place struct {
	URL    string `json:"url"`
	Format string `json:"format"`

	Known  bool  `json:"known"`  // the wiki has answered before
	Since  int64 `json:"since"`  // the oldest change of the first answer: older ones were there before the bus was
	Newest int64 `json:"newest"` // the newest change that is known
	Late   int   `json:"late"`   // changes of a feed that were new and older than Since all the same

	// Seen has the changes that may come again, by a hash of the key, with their
	// times: of a feed all of the last answer, else those that are asked for again.
	Seen map[string]int64 `json:"seen"`

	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Polled   int64  `json:"polled"` // when the last poll succeeded
	Next     int64  `json:"next"`   // before which the wiki is not to be asked
}

// maxSeen limits the changes that are known, lest a wiki makes them grow that dates
// its changes in the future. What is forgotten and comes again has the same key.
const maxSeen = 20_000

// overlap is how far before the newest change that is known a wiki is asked again:
// some become visible later than others that were made after them.
const overlap = 5 * time.Minute

// before is that time. A change from the future does not put it off.
func (p *place) before(now time.Time) time.Time {
	newest := time.Unix(min(p.Newest, now.Unix()), 0)
	return time.Unix(max(newest.Add(-overlap).Unix(), 0), 0).UTC()
}

// reach is the time at which the n newest changes that are known begin.
func (p *place) reach(n int) time.Time {
	times := slices.Sorted(maps.Values(p.Seen))
	if len(times) == 0 {
		return time.Unix(p.Newest, 0).UTC()
	}
	return time.Unix(times[max(len(times)-n, 0)], 0).UTC()
}

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}

// sift returns the changes that are new, and whether any was known. Those that are
// older than the first answer were there before the bus was, but a feed may date
// something back: of these it returns the newest, late of them at most, and says how
// many it does not.
func (p *place) sift(changes []change, late int) (fresh []change, known bool, left int) {
	for _, c := range changes {
		if _, seen := p.Seen[hash(c.key())]; seen {
			known = true
			continue
		}
		fresh = append(fresh, c)
	}
	if left = max(p.late(fresh)-late, 0); left > 0 {
		passed := 0 // the oldest come first
		fresh = slices.DeleteFunc(fresh, func(c change) bool {
			drop := p.isLate(c) && passed < left
			if drop {
				passed++
			}
			return drop
		})
	}
	return fresh, known, left
}

// isLate reports whether a change is older than all of the first answer.
func (p *place) isLate(c change) bool { return !c.at.IsZero() && c.at.Unix() < p.Since }

// late counts the changes that are.
func (p *place) late(changes []change) (n int) {
	for _, c := range changes {
		if p.isLate(c) {
			n++
		}
	}
	return n
}

// begin makes the place that of a wiki's first answer.
func (p *place) begin(changes []change) {
	p.Known, p.Since = true, 0
	for _, c := range changes {
		if at := c.at.Unix(); !c.at.IsZero() && (p.Since == 0 || at < p.Since) {
			p.Since = at
		}
	}
	p.add(changes)
}

// add notes changes as known.
func (p *place) add(changes []change) {
	if p.Seen == nil {
		p.Seen = make(map[string]int64)
	}
	for _, c := range changes {
		at := p.Newest
		if !c.at.IsZero() {
			at = c.at.Unix()
		}
		p.Seen[hash(c.key())] = at
		p.Newest = max(p.Newest, at)
	}
	if excess := len(p.Seen) - maxSeen; excess > 0 {
		keys := slices.SortedFunc(maps.Keys(p.Seen), func(a, b string) int { return cmp.Compare(p.Seen[a], p.Seen[b]) })
		for _, key := range keys[:excess] {
			delete(p.Seen, key)
		}
	}
}

// keepOnly forgets the changes that the wiki's last answer does not have.
func (p *place) keepOnly(changes []change) {
	p.Seen = make(map[string]int64, len(changes))
	p.add(changes)
}

// forget forgets the changes before a time: they will not come again.
func (p *place) forget(since time.Time) {
	maps.DeleteFunc(p.Seen, func(_ string, at int64) bool { return at < since.Unix() })
}
