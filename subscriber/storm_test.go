package subscriber_test

import (
	"flag"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

var seed = flag.Uint64("seed", 0, "of the random tests; 0 for a new one each time")

// TestStorm: publishers write in batches and bursts while the connections are cut,
// delayed, held up and half-closed at random, the bus is restarted, and the
// follower too. Each stored event comes once, in order, as it is stored.
func TestStorm(t *testing.T) {
	number := *seed
	if number == 0 {
		number = rand.Uint64()
	}
	t.Logf("go test -run TestStorm -seed %d", number)
	next := func() *rand.Rand { number++; return rand.New(rand.NewPCG(number, 0)) }
	w := newWorld(t)
	w.irc.rough(next())
	w.http.rough(next())
	var publishers sync.WaitGroup
	for i, name := range []string{"moin", "other", "moin"} {
		rng := next()
		publishers.Go(func() { w.burst(rng, name, i*1000, i*1000+400) })
	}
	finished := make(chan struct{})
	go func() { publishers.Wait(); close(finished) }()

	rng, r, o := next(), newRecorder(), w.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	f := follow(t, o, r, all...)
	for done := false; !done; {
		select {
		case <-finished:
			done = true
		case <-time.After(time.Duration(rng.IntN(400)) * time.Millisecond):
		}
		switch rng.IntN(5) {
		case 0:
			w.stop()
			w.start()
		case 1:
			f.end(t)
			f = follow(t, o, r, all...)
		case 2:
			w.irc.cutAll()
		}
	}
	w.irc.rough(nil)
	w.http.rough(nil)
	r.wait(t, 1200)
	w.irc.cutAll()
	w.http.cutAll()
	w.publishAll("other", 5000, 5010) // nothing comes twice behind them
	r.wait(t, 1210)
	r.check(t, w.stored(everything...))
	if len(r.gaps) > 0 {
		t.Errorf("gaps are told: %v", r.gaps)
	}
}

// burst publishes events from..to-1 in batches of random size with random pauses.
func (w *world) burst(rng *rand.Rand, publisher string, from, to int) {
	for from < to {
		var batch []ircbus.Event
		for range min(1+rng.IntN(20), to-from) {
			batch = append(batch, event(publisher, from))
			from++
		}
		w.publish(w.t.Context(), batch...)
		if rng.IntN(2) == 0 {
			pause(time.Duration(rng.IntN(40))*time.Millisecond, nil)
		}
	}
}
