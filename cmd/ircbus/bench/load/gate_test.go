package load

import (
	"context"
	"crypto/tls"
	"testing"
	"time"
)

// TestGateHearsTheLast: who waits at the gate hears of what came right after the
// last look, though nothing comes any more.
func TestGateHearsTheLast(t *testing.T) {
	c, err := NewCrowd(Options{Members: 1, Target: Target{TLS: &tls.Config{}}, Plan: Plan{Publishers: 1}, Epoch: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const lead = 4
	gate, s := NewGate(c, lead, 0), c.shards[0]
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if n := gate.Pass(ctx, lead); n != lead {
		t.Fatalf("%d lines may pass at first", n)
	}
	s.do(func() {
		s.counts[0] = true
		now := c.Since()
		s.progress(now)
		for i := range uint32(lead) {
			s.check.See(0, Stamp{Seq: i})
		}
		s.progress(now)
	})
	if n := gate.Pass(ctx, lead); n != lead {
		t.Errorf("%d lines may pass when all have come", n)
	}
}
