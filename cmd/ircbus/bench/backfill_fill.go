package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
)

// fillChannels is over how many channels the events are spread: half of them is
// in the first.
const fillChannels = 10

// fillSpan is the time over which the events are spread, up to now.
const fillSpan = 30 * 24 * time.Hour

// filling makes a store of events, without a bus.
type filling struct {
	env    *Env
	dir    string
	want   int
	filled int // events made
	took   time.Duration
}

// fill brings the store to as many events as there shall be.
func (f *filling) fill(ctx context.Context) (err error) {
	now := time.Now().Add(-fillSpan)
	step := fillSpan / time.Duration(f.want)
	store, err := sqlite.Open(ctx, filepath.Join(f.dir, "events.db"), sqlite.Options{
		Log: f.env.Log, Now: func() time.Time { return now },
	})
	if err != nil {
		return fmt.Errorf("the store cannot be filled: %w", err)
	}
	defer func() {
		if e := store.Close(); err == nil {
			err = e
		}
	}()
	bounds, err := store.Bounds(ctx)
	if err != nil {
		return err
	}
	begun := int(bounds.Head)
	show := follow(f.env, func() string { return fmt.Sprintf("filling the store with %s events", readable(float64(f.want))) })
	defer show.end()
	began := time.Now()
	for n := begun; n < f.want; {
		batch := make([]ircbus.Event, min(1000, f.want-n))
		now = now.Add(step * time.Duration(len(batch)))
		for i := range batch {
			batch[i] = fillEvent(n + i)
		}
		if _, err := store.Append(ctx, batch); err != nil {
			return fmt.Errorf("the store cannot be filled: %w", err)
		}
		n += len(batch)
		f.filled += len(batch)
	}
	f.took = time.Since(began)
	return nil
}

// So many different ones there are.
const (
	pages = 50_000
	users = 5_000
)

// fillEvent is the n-th event: a change like a wiki's.
func fillEvent(n int) ircbus.Event {
	rnd := rand.New(rand.NewPCG(1, uint64(n)))
	channel := 0
	if rnd.IntN(2) == 0 {
		channel = 1 + rnd.IntN(fillChannels-1)
	}
	action := "SAVE"
	if rnd.IntN(100) == 0 {
		action = "SAVENEW"
	}
	number := strconv.Itoa(n)
	return ircbus.Event{Channel: "#" + accountName(channel), Publisher: accountName(channel), Fields: ircbus.Fields{
		{Key: "wiki", Value: "Bench"}, {Key: "page", Value: "Some/Page" + strconv.Itoa(rnd.IntN(pages))},
		{Key: "action", Value: action}, {Key: "user", Value: "User" + strconv.Itoa(rnd.IntN(users))},
		{Key: "comment", Value: "as comments go, quite an ordinary one"}, {Key: "rev", Value: number},
		{Key: "oldsize", Value: strconv.Itoa(rnd.IntN(100_000))}, {Key: "size", Value: strconv.Itoa(rnd.IntN(100_000))},
		{Key: "key", Value: "fill-" + number},
	}}
}
