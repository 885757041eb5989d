package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Slow measures what stalled readers cost the others and the server.
type Slow struct {
	Fanout
	Stalled int `help:"So many of the members stop reading." default:"100"`
	Behind  int `help:"Bytes that a member of a bus of its own may be behind." default:"262144"`
}

// Run measures and prints.
func (c *Slow) Run(env *Env) error {
	if err := c.check(); err != nil {
		return err
	}
	server, err := c.open(env, c.Publishers, fmt.Sprintf("%s\n[limits]\nbehind = %d\n", c.With, c.Behind))
	if err != nil {
		return err
	}
	defer server.close()
	r := &Result{Command: "slow", Parameters: c.parameters()}
	r.Parameters["stalled"] = c.Stalled
	run := &slow{Slow: c, fanout: fanout{Fanout: &c.Fanout, server: server, env: env, result: r}}
	run.then = run.compare
	if err := run.all(env.Context); err != nil {
		return err
	}
	r.Server = server.named
	return c.finish(env, r)
}

func (c *Slow) check() error {
	if c.Stalled < 1 || c.Stalled >= c.Members {
		return errors.New("--stalled must be at least 1 and less than --members")
	}
	return c.Fanout.check()
}

// slow is one run.
type slow struct {
	*Slow
	fanout
	peak    atomic.Uint64 // of the server's memory, in bytes
	resumed atomic.Bool
}

// compare publishes twice for the time: with everybody reading, and with some
// stalled.
func (c *slow) compare(ctx context.Context) error {
	r := c.result
	all, err := c.run(ctx)
	if err != nil {
		return err
	}
	r.addLatency("all_read_", all.latency)
	memory, _ := processMemory(c.fanout.Pid)
	if err := c.crowd.Stall(c.Stalled); err != nil {
		return err
	}
	some, err := c.runWatched(ctx)
	if err != nil {
		return err
	}
	r.addLatency("some_stalled_", some.latency)
	r.add("p99_change_percent", 100*(float64(some.latency.Quantile(.99))/float64(all.latency.Quantile(.99))-1))
	r.add("all_read_deliveries_per_s", float64(all.deliveries)/all.used.took.Seconds())
	r.add("some_stalled_deliveries_per_s", float64(some.deliveries)/some.used.took.Seconds())
	if c.fanout.Pid != 0 {
		r.add("memory_MB", float64(memory)/1e6)
		r.add("memory_peak_MB", float64(c.peak.Load())/1e6)
	}
	some.used.tell(r)
	r.Failures = reasons(all.failure, some.failure, faults(c.crowd), c.fate(ctx))
	return nil
}

// runWatched publishes while somebody watches the server.
func (c *slow) runWatched(ctx context.Context) (window, error) {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { c.watch(watching) })
	w, err := c.run(ctx)
	stop()
	watch.Wait()
	return w, err
}

// watch keeps the peak of the server's memory. When a bus of its own cuts the
// stalled off, it lets them read again: the bus waits for 2 s until it gives up
// telling them where to resume.
func (c *slow) watch(ctx context.Context) {
	var first time.Time
	for wait(ctx, 100*time.Millisecond) == nil {
		if memory, err := processMemory(c.fanout.Pid); err == nil {
			c.peak.Store(max(c.peak.Load(), memory))
		}
		if c.server.child == nil || c.resumed.Load() {
			continue
		}
		cut := slowCut(c.server.child.http)
		if cut > 0 && first.IsZero() {
			first = time.Now()
		}
		if cut >= c.Stalled || !first.IsZero() && time.Since(first) > time.Second {
			c.crowd.Resume()
			c.resumed.Store(true)
		}
	}
}

// slowCut is how many readers a bus says that it has cut off, 0 if it does not
// say.
func slowCut(address string) int {
	return int(metric("http://"+address, "ircbus_irc_slow_cut_total"))
}

// metric is a figure that a bus says of itself, 0 if it does not.
func metric(base, name string) (value float64) {
	answer, err := http.Get(base + "/metrics")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if text, found := strings.CutPrefix(lines.Text(), name+" "); found {
			value, _ = strconv.ParseFloat(text, 64)
		}
	}
	return value
}

// fate waits until it is clear what became of the stalled, and says if it was
// not as it must be.
func (c *slow) fate(ctx context.Context) error {
	if c.server.child == nil {
		c.result.add("stalled_cut_off", float64(c.crowd.Gone()))
		return nil
	}
	c.crowd.Resume()
	ctx, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	var told, untold, kept int
	c.crowd.Await(ctx, func() bool {
		told, untold, kept = c.crowd.Cut(c.sent())
		return told+untold+kept == c.Stalled
	})
	c.result.add("stalled_cut_off_and_told", float64(told))
	c.result.add("stalled_caught_up", float64(kept))
	switch {
	case told == c.Stalled:
		return nil
	case told+kept == c.Stalled:
		c.result.note("%d of the stalled were never so far behind that they were cut off: give it a longer --duration", kept)
		return nil
	}
	return fmt.Errorf("of %d stalled members %d were cut off and told where to resume, %d caught up, %d were cut off without a word",
		c.Stalled, told, kept, c.Stalled-told-kept)
}
