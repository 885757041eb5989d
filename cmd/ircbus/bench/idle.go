package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Idle measures what connections cost that do nothing.
type Idle struct {
	Server
	Output
	Gathering
	Rest time.Duration `help:"How long to watch the server at rest, after as long for it to come to rest." default:"10s"`
	With string        `help:"Lines for the configuration of a bus of its own." placeholder:"TOML"`
}

// Run measures and prints.
func (c *Idle) Run(env *Env) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := load.AllowFiles(c.Connections); err != nil {
		return err
	}
	s, err := c.open(env, 1, c.With)
	if err != nil {
		return err
	}
	defer s.close()
	if c.Pid == 0 {
		return fmt.Errorf("the server's memory is measured by its process: give it with --pid")
	}
	r := &Result{Command: "idle", Parameters: c.parameters(&c.Server)}
	if err := c.measure(env.Context, env, s, r); err != nil {
		return err
	}
	return c.finish(env, r)
}

func (c *Idle) measure(ctx context.Context, env *Env, s *session, r *Result) error {
	before, err := processMemory(c.Pid)
	if err != nil {
		return err
	}
	crowd, err := c.crowd(s)
	if err != nil {
		return err
	}
	defer crowd.Close()
	if err := gather(ctx, env, crowd); err != nil {
		return err
	}
	r.Server = crowd.Server()
	show := follow(env, func() string { return "watching the server at rest" })
	defer show.end()
	if err := wait(ctx, c.Rest); err != nil {
		return err
	}
	m := startMeter(c.Pid, crowd)
	if err := wait(ctx, c.Rest); err != nil {
		return err
	}
	used := m.read()
	after, err := processMemory(c.Pid)
	if err != nil {
		return err
	}
	r.add("memory_per_connection_kB", (float64(after)-float64(before))/float64(c.Connections)/1e3)
	r.add("memory_before_MB", float64(before)/1e6)
	r.add("memory_MB", float64(after)/1e6)
	r.add("server_at_rest_percent", 100*used.cores(used.server))
	r.add("join_s", crowd.Joining().Max().Seconds())
	r.Failures = reasons(crowd.Err(), stayed(crowd))
	return nil
}

// stayed says whether somebody is missing.
func stayed(c *load.Crowd) error {
	if c.Ready() != c.Members {
		return fmt.Errorf("only %d of %d are still connected", c.Ready(), c.Members)
	}
	return nil
}

// wait waits, or returns why ctx has ended.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
