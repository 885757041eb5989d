package subscriber

import (
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
