package api

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// Readers that go from wait to wait while others publish get every event once.
func TestWaitMissesNothing(t *testing.T) {
	b := startBus(t, nil)
	const events = 300
	readers := make([][]ircbus.ID, 4)
	var wg sync.WaitGroup
	for i := range readers {
		view := []string{"", "&channel=moinmaster?page=P*"}[i%2]
		wg.Go(func() {
			for last := ircbus.ID(0); last < events; {
				c := b.changes(fmt.Sprintf("/changes?after=%d&wait=60%s", last, view))
				if len(c.Events) == 0 {
					t.Errorf("waited for what came after %d, and got nothing", last)
					return
				}
				readers[i] = append(readers[i], ids(c.Events)...)
				last = c.Events[len(c.Events)-1].ID
			}
		})
	}
	for i := range events {
		b.publish(fmt.Sprintf("page=P%d", i))
	}
	wg.Wait()
	want := ids(b.changes("/changes?limit=10000").Events)
	for i := range readers {
		if diff := cmp.Diff(want, readers[i]); diff != "" {
			t.Errorf("reader %d: %s", i, diff)
		}
	}
}

func TestWait(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=Old")
	type result struct {
		path string
		c    changes
	}
	results := make(chan result)
	paths := []string{"/changes?after=1&wait=60", "/changes?after=1&wait=60&channel=moinmaster?page=Bad*", "/changes?after=1&wait=60&order=desc&from=-1h"}
	for _, path := range paths {
		go func() { results <- result{path, b.changes(path)} }()
	}
	deadline := time.Now().Add(patience)
	for b.api.Stats().Streams < int64(len(paths)) {
		if time.Now().After(deadline) {
			t.Fatal("the requests do not wait")
		}
		b.publishIn("enwiki", "#enwiki") // nothing, but it takes a moment
	}
	b.publish("page=BadOne")
	for range paths {
		if r := <-results; len(r.c.Events) != 1 || r.c.Events[0].Fields.Get("page") != "BadOne" || r.c.Head != 2 {
			t.Errorf("%s: %+v", r.path, r.c)
		}
	}
	for _, path := range []string{"/changes?after=0&wait=60", "/changes?after=2&until=2&wait=60", "/changes?until=2&after=1&channel=enwiki&wait=60", "/changes?after=2&wait=1"} {
		if c := b.changes(path); c.Head != 2 { // the last one waits in vain, the others not at all
			t.Errorf("%s: %+v", path, c)
		}
	}
	go func() { results <- result{"closing", b.changes("/changes?after=2&wait=60")} }()
	for b.api.Stats().Streams == 0 && time.Now().Before(deadline) {
		b.publishIn("enwiki", "#enwiki")
	}
	b.api.Close()
	if r := <-results; len(r.c.Events) != 0 {
		t.Errorf("%+v", r)
	}
}
