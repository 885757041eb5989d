package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Publish measures how fast events are taken, which is when they are on disk.
type Publish struct {
	Server
	Output
	Over       string        `help:"How to publish: irc, or http with batches of newline-delimited JSON." enum:"irc,http" default:"irc"`
	HTTP       string        `help:"Base address of the HTTP API of a bus that is not our own." name:"http" placeholder:"URL"`
	Publishers int           `help:"Publishers." default:"1"`
	InFlight   int           `help:"Over IRC, so many events of one publisher may wait for their acknowledgements; 1 is one at a time." default:"1000"`
	Batch      int           `help:"Over HTTP, so many events are in one request." default:"1000"`
	Duration   time.Duration `help:"How long to publish." default:"5s"`
	Events     int           `help:"Publish so many events instead of for a time."`
	Rate       float64       `help:"Events a second of all publishers together; 0 is flat out." default:"0"`
	Size       int           `help:"Bytes of an event." default:"230"`
	Members    int           `help:"Members of the feed, who check that everything comes, and when." default:"1"`
	With       string        `help:"Lines for the configuration of a bus of its own." placeholder:"TOML"`
}

// Run measures and prints.
func (p *Publish) Run(env *Env) error {
	if err := p.check(); err != nil {
		return err
	}
	s, err := p.open(env, p.Publishers, p.With)
	if err != nil {
		return err
	}
	defer s.close()
	run := &publishing{Publish: p, server: s, env: env, result: &Result{Command: "publish", Parameters: p.parameters()}}
	if err := run.all(env.Context); err != nil {
		return err
	}
	return p.finish(env, run.result)
}

func (p *Publish) check() error {
	switch {
	case p.Addr != "" && p.Account == "":
		return errors.New("only a bus acknowledges: name the publishers' account with --account")
	case p.Addr != "" && p.Over == "http" && p.HTTP == "":
		return errors.New("--over http needs --http, the base address of the API")
	case p.InFlight < 1 || p.InFlight > maxInFlight:
		return fmt.Errorf("--in-flight must be between 1 and %d", maxInFlight)
	case p.Batch < 1 || p.Batch > 10_000:
		return errors.New("--batch must be between 1 and 10000")
	case p.Rate < 0 || p.Members < 0:
		return errors.New("--rate and --members must not be negative")
	}
	return nil
}

func (p *Publish) parameters() map[string]any {
	m := map[string]any{"over": p.Over, "publishers": p.Publishers, "rate": p.Rate, "size": p.Size, "members": p.Members}
	if p.Over == "http" {
		m["batch"] = p.Batch
	} else {
		m["in_flight"] = p.InFlight
	}
	if p.With != "" {
		m["with"] = p.With
	}
	return m
}

// publishing is one run.
type publishing struct {
	*Publish
	server *session
	env    *Env
	result *Result
	crowd  *load.Crowd
	doors  []door
}

// door is how one publisher publishes. One goroutine uses it.
type door interface {
	// publish publishes n events; over IRC it waits only until they may be sent.
	publish(ctx context.Context, n int) error
	finish(ctx context.Context) error // waits for the acknowledgements
	figures() (sent uint32, acknowledged uint64, took *load.Histogram)
	close()
}

func (p *publishing) all(ctx context.Context) (err error) {
	if p.server.child != nil {
		floor, err := diskCommits(ctx, filepath.Join(p.server.child.dir, "floor.db"))
		if err != nil {
			return err
		}
		p.result.addLatency("disk_commit_", floor)
	}
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.crowd.Close()
	defer func() {
		for _, d := range p.doors {
			d.close()
		}
	}()
	for n := range p.Publishers {
		d, err := p.open(ctx, n)
		if err != nil {
			return err
		}
		p.doors = append(p.doors, d)
	}
	return p.measure(ctx)
}

// enter brings the members in.
func (p *publishing) enter(ctx context.Context) (err error) {
	channel := p.Channel
	p.crowd, err = load.NewCrowd(load.Options{
		Target: p.server.target, Members: p.Members, Channels: func(int) []string { return []string{channel} },
		Plan: load.Plan{Publishers: p.Publishers}, Mark: load.NewMark(), Epoch: time.Now(), Threads: p.Threads, Width: p.Width,
	})
	if err == nil {
		err = gather(ctx, p.env, p.crowd)
	}
	return err
}

func (p *publishing) open(ctx context.Context, n int) (door, error) {
	text := load.Text{Bus: true, Channel: p.Channel, Mark: p.crowd.Mark, Size: p.Size - load.StampLen, Number: n}
	if p.Over == "http" {
		return newHTTPDoor(p, text, n)
	}
	return newIRCDoor(ctx, p, text, n)
}

func (p *publishing) measure(ctx context.Context) error {
	show := follow(p.env, func() string {
		_, acknowledged, _ := p.figures()
		return fmt.Sprintf("%s acknowledged", readable(float64(acknowledged)))
	})
	m := startMeter(p.Pid, p.crowd)
	failure := p.publish(ctx)
	used := m.read()
	sent, acknowledged, took := p.figures()
	if failure == nil {
		failure = p.arrive(ctx, sent)
	}
	show.end()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	p.tell(used, acknowledged, took)
	p.result.Failures = reasons(failure, faults(p.crowd))
	return nil
}

// publish lets every publisher publish, and waits for the acknowledgements.
func (p *publishing) publish(ctx context.Context) error {
	ends := make(chan error, len(p.doors))
	for i, d := range p.doors {
		left := share(p.Events, len(p.doors), i)
		go func() {
			during, cancel := context.WithCancel(ctx)
			if p.Events == 0 {
				during, cancel = context.WithTimeout(ctx, p.Duration)
			}
			defer cancel()
			err := p.run(during, d, left)
			ends <- errors.Join(err, d.finish(ctx))
		}()
	}
	var failures []error
	for range p.doors {
		failures = append(failures, <-ends)
	}
	return errors.Join(failures...)
}

// run publishes through one door until ctx or the events end.
func (p *publishing) run(ctx context.Context, d door, left int) error {
	atOnce := together
	if p.Over == "http" {
		atOnce = p.Batch
	} else if p.Rate > 0 {
		atOnce = 1
	}
	due := time.Now()
	for left != 0 && ctx.Err() == nil {
		n := atOnce
		if left > 0 {
			n = min(n, left)
			left -= n
		}
		if p.Rate > 0 {
			due = due.Add(time.Duration(float64(n*len(p.doors)) / p.Rate * float64(time.Second)))
			if wait(ctx, time.Until(due)) != nil {
				return nil
			}
		}
		if err := d.publish(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// figures are those of all doors.
func (p *publishing) figures() (sent []uint32, acknowledged uint64, took *load.Histogram) {
	took = &load.Histogram{}
	for _, d := range p.doors {
		n, acks, times := d.figures()
		sent = append(sent, n)
		acknowledged += acks
		took.Add(times)
	}
	return sent, acknowledged, took
}

// arrive waits until every member has got everything.
func (p *publishing) arrive(ctx context.Context, sent []uint32) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settle, errors.New("not every event has reached the members"))
	defer cancel()
	return p.crowd.Await(ctx, func() bool { return p.crowd.Lacking(sent) == 0 })
}

func (p *publishing) tell(used usage, acknowledged uint64, took *load.Histogram) {
	r, n := p.result, float64(acknowledged)
	r.Server = p.crowd.Server()
	r.add("acknowledged", n)
	r.add("acknowledged_per_s", n/used.took.Seconds())
	r.addLatency("ack_", took)
	r.addLatency("deliver_", p.crowd.Latency())
	if used.server != 0 {
		r.add("server_cpu_per_event_us", microseconds(used.server)/max(n, 1))
	}
	used.tell(r)
}
