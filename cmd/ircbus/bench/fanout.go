package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Fanout measures how fast lines of few reach many.
type Fanout struct {
	Server
	Output
	Members    int           `help:"Members of the channel." default:"1000"`
	Publishers int           `help:"Publishers." default:"1"`
	Duration   time.Duration `help:"How long to publish." default:"10s"`
	Events     int           `help:"Publish so many lines instead of for a time."`
	Rate       float64       `help:"Lines a second of all publishers together; 0 is flat out." default:"0"`
	Size       int           `help:"Bytes of a delivered line without tags, CR LF counted." default:"300"`
	Tags       string        `help:"Which members ask for message-tags: none, half or all." enum:"none,half,all" default:"none"`
	Filters    int           `help:"Members are in so many different filtered views of the feed, each without one in so many lines." default:"0"`
	Narrow     bool          `help:"The views have one in so many lines instead of all but one."`
	Lead       int           `help:"Flat out, publishers are at most so many lines ahead of the slowest member." default:"256"`
	With       string        `help:"Lines for the configuration of a bus of its own." placeholder:"TOML"`
}

// Run measures and prints.
func (f *Fanout) Run(env *Env) error {
	if err := f.check(); err != nil {
		return err
	}
	server, err := f.open(env, f.Publishers, f.With)
	if err != nil {
		return err
	}
	defer server.close()
	r := &Result{Command: "fanout", Parameters: f.parameters()}
	run := &fanout{Fanout: f, server: server, env: env, result: r}
	if err := run.all(env.Context); err != nil {
		return err
	}
	r.Server = server.named
	return f.finish(env, r)
}

func (f *Fanout) check() error {
	switch {
	case f.Members < 1:
		return errors.New("--members must be at least 1")
	case f.Filters > 0 && f.Addr != "" && f.Account == "":
		return errors.New("--filters is for a bus: name the publishers' account with --account")
	case f.Narrow && f.Filters == 0:
		return errors.New("--narrow goes with --filters")
	case f.Lead < 1:
		return errors.New("--lead must be at least 1")
	case f.Rate < 0:
		return errors.New("--rate must not be negative")
	}
	return nil
}

func (f *Fanout) parameters() map[string]any {
	p := map[string]any{"members": f.Members, "publishers": f.Publishers, "rate": f.Rate, "size": f.Size, "tls": f.TLS,
		"tags": f.Tags, "filters": f.Filters, "narrow": f.Narrow}
	if f.Rate == 0 {
		p["lead"] = f.Lead
	}
	if f.With != "" {
		p["with"] = f.With
	}
	return p
}

// fanout is one run.
type fanout struct {
	*Fanout
	server *session
	env    *Env
	result *Result

	plan       load.Plan
	mark       load.Mark
	epoch      time.Time
	crowd      *load.Crowd
	publishers []*load.Publisher
	senders    []*sender
	then       func(context.Context) error // when all are there; nil is measure
}

// all brings everybody in, measures, and sees them out.
func (f *fanout) all(ctx context.Context) (err error) {
	f.plan = load.Plan{Publishers: f.Publishers, Views: f.Filters, Narrow: f.Narrow}
	f.mark, f.epoch = load.NewMark(), time.Now()
	if f.publishers, err = f.server.publishers(ctx, f.Publishers); err != nil {
		return err
	}
	defer func() { closeAll(f.publishers) }()
	for _, p := range f.publishers {
		p.Listen(nil)
	}
	if err := f.enter(ctx); err != nil {
		return err
	}
	defer f.crowd.Close()
	if err := f.probe(ctx); err != nil {
		return err
	}
	if f.then != nil {
		return f.then(ctx)
	}
	return f.measure(ctx)
}

// enter brings the members in.
func (f *fanout) enter(ctx context.Context) (err error) {
	if f.crowd, err = load.NewCrowd(f.options()); err != nil {
		return err
	}
	show := follow(f.env, func() string {
		return fmt.Sprintf("%d of %d members have joined", f.crowd.Ready(), f.Members)
	})
	defer show.end()
	began := time.Now()
	if err := f.crowd.Connect(ctx); err != nil {
		f.crowd.Close()
		return err
	}
	f.result.add("join_s", time.Since(began).Seconds())
	return nil
}

func (f *fanout) options() load.Options {
	o := load.Options{
		Target: f.server.target, Members: f.Members, Plan: f.plan, Mark: f.mark, Epoch: f.epoch, Threads: f.Threads, Width: f.Width,
	}
	o.Caps = func(m int) string {
		if f.Tags == "all" || f.Tags == "half" && m%2 == 1 {
			return "message-tags"
		}
		return ""
	}
	if f.Rate == 0 {
		o.Sample = 4
	}
	channel := f.Channel
	o.Channels = func(int) []string { return []string{channel} }
	if f.Filters > 0 {
		o.Views = func(m int) int { return m % f.Filters }
		o.Channels = func(m int) []string {
			return []string{load.ViewName(channel, m%f.Filters, f.Filters, f.Narrow)}
		}
	}
	return o
}

// settle is how long nothing may come while something is missing.
const settle = 15 * time.Second

// probe sends the first line of each publisher, sees that everybody gets them,
// and makes the lines as long as they shall be.
func (f *fanout) probe(ctx context.Context) error {
	for i, p := range f.publishers {
		s := newSender(p, load.Text{Bus: f.server.bus, Channel: f.Channel, Mark: f.mark, Views: f.Filters, Number: i}, f.crowd)
		f.senders = append(f.senders, s)
		if err := s.write(1); err != nil {
			return err
		}
	}
	if err := f.arrive(ctx); err != nil {
		return fmt.Errorf("the first line of each publisher did not reach everybody: %w", err)
	}
	if f.crowd.Overhead() == 0 {
		return errors.New("nobody is in a view that gets the first line: give it more --members than --filters")
	}
	for _, s := range f.senders {
		around := f.crowd.Overhead() - s.length()
		s.text.Size = f.Size - around - load.StampLen
	}
	return nil
}

// arrive waits until everything that was sent has come, or nothing more comes.
func (f *fanout) arrive(ctx context.Context) error {
	lines, since := f.crowd.Lines(), time.Now()
	lacking := uint64(0)
	err := f.crowd.Await(ctx, func() bool {
		if lacking = f.crowd.Lacking(f.sent()); lacking == 0 {
			return true
		}
		if now := f.crowd.Lines(); now != lines {
			lines, since = now, time.Now()
		}
		return time.Since(since) > settle
	})
	if err == nil && lacking > 0 {
		err = fmt.Errorf("%d lines never came", lacking)
	}
	for _, p := range f.publishers {
		err = errors.Join(p.Err(), err)
	}
	return err
}

func (f *fanout) sent() []uint32 {
	sent := make([]uint32, len(f.senders))
	for i, s := range f.senders {
		sent[i] = s.seq.Load()
	}
	return sent
}
