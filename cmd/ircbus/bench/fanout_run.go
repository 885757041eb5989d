package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// measure publishes for the time and says what came of it.
func (f *fanout) measure(ctx context.Context) error {
	w, err := f.run(ctx)
	if err != nil {
		return err
	}
	f.tell(w)
	f.result.Failures = reasons(w.failure, faults(f.crowd))
	return nil
}

// window is what happened while lines were published.
type window struct {
	used                    usage
	deliveries, lines, size uint64 // size in bytes, of all deliveries
	latency                 *load.Histogram
	failure                 error
}

// run publishes for the time and waits until everything has come. The error is
// that of ctx.
func (f *fanout) run(ctx context.Context) (w window, err error) {
	f.crowd.ResetLatency()
	lines, size, published := f.crowd.Lines(), f.crowd.Bytes(), f.published()
	show := follow(f.env, func() string {
		return fmt.Sprintf("%s deliveries", readable(float64(f.crowd.Lines()-lines)))
	})
	m := startMeter(f.Pid, f.crowd)
	if w.failure = f.publish(ctx); w.failure == nil {
		w.failure = f.arrive(ctx)
	}
	w.used = m.read()
	show.end()
	if ctx.Err() != nil {
		return w, context.Cause(ctx)
	}
	w.deliveries, w.size, w.lines = f.crowd.Lines()-lines, f.crowd.Bytes()-size, f.published()-published
	w.latency = f.crowd.Latency()
	return w, nil
}

// publish lets every sender send, and returns the first failure.
func (f *fanout) publish(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if f.Events == 0 {
		end := time.AfterFunc(f.Duration, func() { cancel(nil) })
		defer end.Stop()
	}
	gate := load.NewGate(f.crowd, f.Lead, int(f.published()))
	ends := make(chan error, len(f.senders))
	for i, s := range f.senders {
		s.left = share(f.Events, len(f.senders), i)
		go func() {
			if f.Rate > 0 {
				ends <- s.pace(ctx, f.Rate/float64(len(f.senders)), float64(i)/float64(len(f.senders)))
			} else {
				ends <- s.race(ctx, gate)
			}
		}()
	}
	var failures []error
	for range f.senders {
		if err := <-ends; err != nil {
			failures = append(failures, err)
			cancel(err)
		}
	}
	return errors.Join(append(failures, f.crowd.Err())...)
}

// share is the i-th of n shares of a number of events, -1 if there is no end.
func share(events, n, i int) int {
	if events == 0 {
		return -1
	}
	return events/n + min(max(events%n-i, 0), 1)
}

// tell adds the figures.
func (f *fanout) tell(w window) {
	r, used, total := f.result, w.used, float64(w.deliveries)
	r.add("deliveries", total)
	r.add("deliveries_per_s", total/used.took.Seconds())
	r.add("lines_per_s", float64(w.lines)/used.took.Seconds())
	r.add("line_bytes", float64(w.size)/max(total, 1))
	if f.Pid != 0 {
		r.add("server_cpu_per_delivery_us", microseconds(used.server)/max(total, 1))
		r.add("server_cores", used.cores(used.server))
		if memory, err := processMemory(f.Pid); err == nil {
			r.add("server_memory_MB", float64(memory)/1e6)
		}
	}
	r.addLatency("", w.latency)
	r.add("load_cores", used.cores(used.own))
	r.add("load_busiest_thread_percent", 100*used.busiest)
	used.judge(r)
	f.late()
}

// published is how many lines were published so far.
func (f *fanout) published() (n uint64) {
	for _, seq := range f.sent() {
		n += uint64(seq)
	}
	return n
}

// late notes that the load side did not keep its own pace.
func (f *fanout) late() {
	var worst time.Duration
	for _, s := range f.senders {
		worst = max(worst, s.late.Quantile(.99))
	}
	if worst > 2*time.Millisecond {
		f.result.note("the load side was late: 1 in 100 lines was published %.1f ms after its time or more", milliseconds(worst))
	}
}
