// Faults kills a bus, its publishers and its readers, and cuts its power, again and
// again, while events come through all doors; and checks after each time that
// nothing is lost, doubled, renumbered or reordered that anybody was told.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

var (
	ircbus = flag.String("ircbus", "", "the program to try")
	kills  = flag.Int("kills", 30, "how often to kill the bus or its clients")
	cuts   = flag.Int("cuts", 20, "how often to cut the power")
	buses  = flag.Int("buses", 2, "how many buses at one time")
	seed   = flag.Uint64("seed", rand.Uint64()>>1, "for what is left to chance, beside the machine's own")
	single = flag.Int("world", -1, "the only world to try, with the seed of a run that failed")
	where  = flag.String("dir", "", "directory for the buses (default: a temporary one)")
)

// plan is what shall happen to one world.
type plan struct{ number, kills, cuts int }

// happened counts.
var happened struct{ kills, cuts atomic.Int64 }

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "faults: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	if *where == "" {
		dir, err := os.MkdirTemp("", "ircbus-faults-")
		if err != nil {
			return err
		}
		*where = dir
		defer os.Remove(dir) // if nothing is left in it
	}
	fmt.Printf("seed %d\n", *seed)
	if err := controls(); err != nil {
		return err
	}
	return tryAll(plans())
}

// controls makes sure that what this program looks for would be found.
func controls() error {
	if *kills > 0 {
		if err := control("an acknowledged event is left out", plan{number: -1, kills: 3}, func(w *world) { w.ledger.drop = true }); err != nil {
			return err
		}
	}
	if *cuts > 0 {
		if err := control("syncing commits does nothing", plan{number: -2, cuts: 20}, func(w *world) { w.disk.forgetful = true }); err != nil {
			return err
		}
	}
	through.by = nil
	happened.kills.Store(0)
	happened.cuts.Store(0)
	return nil
}

// control tries a world in which something is wrong, which must be found.
func control(what string, p plan, spoil func(*world)) error {
	var l *ledger
	err := try(p, func(w *world) {
		spoil(w)
		l = w.ledger
	})
	switch {
	case err == nil:
		return fmt.Errorf("the control has not failed: %s, and nobody noticed", what)
	case l == nil || !l.lost:
		return fmt.Errorf("the control (%s) has failed for another reason: %w", what, err)
	}
	fmt.Printf("control: %s: %.100v …\n", what, err)
	return nil
}

// plans divides what shall happen into worlds of a few faults each, so that many
// buses are new.
func plans() (all []plan) {
	rnd := rand.New(rand.NewPCG(*seed, 2))
	for k, c := *kills, *cuts; k > 0 || c > 0; {
		if k > 0 {
			n := min(k, 5+rnd.IntN(20))
			all, k = append(all, plan{number: len(all), kills: n}), k-n
		}
		for n := 0; c > 0 && n < 12; { // about half as many cuts as kills
			some := min(c, 1+rnd.IntN(12))
			all, c, n = append(all, plan{number: len(all), cuts: some}), c-some, n+some
		}
	}
	return all
}

// tryAll tries worlds side by side, and ends with the first that goes wrong.
func tryAll(all []plan) error {
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	queue := make(chan plan)
	var workers sync.WaitGroup
	for range *buses {
		workers.Go(func() {
			for p := range queue {
				if err := try(p, nil); err != nil && ctx.Err() == nil {
					stop(fmt.Errorf("world %d (-seed %d -world %d): %w", p.number, *seed, p.number, err))
					return
				}
			}
		})
	}
	begun := time.Now()
	go progress(ctx, begun)
	for _, p := range all {
		if *single >= 0 && p.number != *single {
			continue
		}
		select {
		case queue <- p:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return report(time.Since(begun))
}

// progress says how far it has come, now and then.
func progress(ctx context.Context, begun time.Time) {
	for tick := time.NewTicker(10 * time.Second); ; {
		select {
		case <-tick.C:
			fmt.Printf("%4.0fs: %d of %d kills, %d of %d power cuts\n", time.Since(begun).Seconds(), happened.kills.Load(), *kills, happened.cuts.Load(), *cuts)
		case <-ctx.Done():
			return
		}
	}
}

// report says what has come through each door, and is an error if nothing has.
func report(took time.Duration) (err error) {
	fmt.Printf("%d kills and %d power cuts in %v, and nothing lost. Through the doors came:\n", happened.kills.Load(), happened.cuts.Load(), took.Round(time.Second))
	for _, d := range doors {
		n := through.by[d.name]
		fmt.Printf("%8d  %s\n", n, d.name)
		if n == 0 {
			reason, _ := refused.Load(d.name)
			err = errors.Join(err, fmt.Errorf("nothing came through the door %s: %v", d.name, reason))
		}
	}
	for _, name := range []string{"ircbus publish", "ircbus account add", "KLINE"} {
		fmt.Printf("%8d  %s\n", through.by[name], name)
	}
	return err
}

// try makes a world, lets happen what is planned, and looks at what is left.
func try(p plan, change func(*world)) (err error) {
	dir := filepath.Join(*where, fmt.Sprintf("world%d", p.number))
	var d *disk
	if p.cuts > 0 {
		d = newDisk()
	}
	w, err := newWorld(*ircbus, dir, *seed+uint64(p.number)<<20, d)
	if err != nil {
		return err
	}
	defer func() { w.destroy(err != nil && p.number >= 0) }()
	if change != nil {
		change(w)
	}
	if err := w.start(); err != nil {
		return err
	}
	w.populate()
	for range p.kills {
		if err := w.killOnce(); err != nil {
			return err
		}
		happened.kills.Add(1)
	}
	for range p.cuts {
		if err := w.cutOnce(); err != nil {
			return err
		}
		happened.cuts.Add(1)
	}
	return w.settle()
}
