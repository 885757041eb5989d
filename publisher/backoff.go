package publisher

import (
	"math/rand/v2"
	"time"
)

// backoff gives the time to wait before the next try: doubling from first to
// limit, each shortened at random by up to a half, so that the many publishers
// of a bus that comes back do not all knock at once.
type backoff struct {
	first, limit time.Duration
	next         time.Duration
}

func (b *backoff) wait() time.Duration {
	b.next = min(max(b.next*2, b.first), b.limit)
	return b.next/2 + rand.N(b.next/2+1)
}

func (b *backoff) reset() { b.next = 0 }
