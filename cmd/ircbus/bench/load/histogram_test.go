package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestQuantiles: every quantile is right to one part in 32, and never too short.
func TestQuantiles(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h, half Histogram
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(1) << rnd.IntN(40)
		d += time.Duration(rnd.Int64N(int64(d)))
		all = append(all, d)
		if len(all)%2 == 0 {
			h.Record(d)
		} else {
			half.Record(d)
		}
	}
	h.Add(&half)
	slices.Sort(all)
	for _, q := range []float64{0.001, .1, .5, .9, .99, .999, 1} {
		want := all[int(q*float64(len(all))+0.5)-1]
		if got := h.Quantile(q); got < want || got > want+want/32+1 {
			t.Errorf("the quantile %v is %d, want %d", q, got, want)
		}
	}
	if h.Max() != all[len(all)-1] || h.Count() != uint64(len(all)) {
		t.Errorf("max %v, count %d", h.Max(), h.Count())
	}
}

// TestBuckets: each value lies in its bucket, and the next bucket begins after it.
func TestBuckets(t *testing.T) {
	for _, v := range []uint64{0, 1, 63, 64, 65, 127, 128, 1 << 20, 1<<20 + 1, 1<<63 - 1} {
		i := bucket(v)
		if v > upper(i) || i > 0 && v <= upper(i-1) {
			t.Errorf("%d is in bucket %d, which ends at %d", v, i, upper(i))
		}
	}
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	h.Record(-time.Second)
	if h.Quantile(.5) != 0 || h.Max() != 0 {
		t.Errorf("%v %v", h.Quantile(.5), h.Max())
	}
}
