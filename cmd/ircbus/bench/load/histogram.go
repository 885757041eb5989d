package load

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets of which each power of two has 32: a
// percentile is right to 3 %. Its size is fixed and counting allocates nothing.
// It is not safe for use by several goroutines. The zero value is empty.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
	max    time.Duration
}

const (
	subBits = 5
	buckets = (64 - subBits) << subBits
)

// Record counts one duration; one below zero counts as zero.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucket(uint64(d))]++
	h.total++
	h.max = max(h.max, d)
}

// bucket is the number of the bucket of v: below 64 its own, above by the place
// of the first bit and the five bits after it.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift<<subBits + int(v>>shift)
}

// upper is the largest value in a bucket.
func upper(i int) uint64 {
	shift := max(i>>subBits-1, 0)
	return uint64(i-shift<<subBits+1)<<shift - 1
}

// Add adds what another histogram has counted.
func (h *Histogram) Add(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.max = max(h.max, o.max)
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns a duration that the share q of all, between 0 and 1, do not
// exceed; 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	want := uint64(q*float64(h.total) + 0.5)
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if n > 0 && seen >= want {
			return min(time.Duration(upper(i)), h.max)
		}
	}
	return h.max
}
