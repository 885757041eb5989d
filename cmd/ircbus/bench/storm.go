package bench

import (
	"context"
	"errors"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Storm measures how fast many come in at once, and back after a restart.
type Storm struct {
	Server
	Output
	Gathering
	Restart bool   `help:"Then end a bus of its own, start it again, and see everybody back with nothing missed. It is about the feed."`
	Kill    bool   `help:"End it as a power cut would."`
	Missed  int    `help:"Events that are published while they come back." default:"50"`
	With    string `help:"Lines for the configuration of a bus of its own." placeholder:"TOML"`
}

// Run measures and prints.
func (c *Storm) Run(env *Env) error {
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
	r := &Result{Command: "storm", Parameters: c.parameters(&c.Server)}
	measure := c.measure
	if c.Restart {
		measure = c.restart
		r.Parameters["restart"], r.Parameters["kill"] = true, c.Kill
	}
	if err := measure(env.Context, env, s, r); err != nil {
		return err
	}
	return c.finish(env, r)
}

func (c *Storm) check() error {
	if c.Restart && c.Addr != "" {
		return errors.New("--restart is for a bus of its own, without --server")
	}
	if c.Kill && !c.Restart {
		return errors.New("--kill goes with --restart")
	}
	c.Feed = c.Feed || c.Restart
	if c.Width < 1 {
		c.Width = 1000
	}
	return c.Gathering.check()
}

func (c *Storm) measure(ctx context.Context, env *Env, s *session, r *Result) error {
	crowd, err := c.crowd(s)
	if err != nil {
		return err
	}
	defer crowd.Close()
	m := startMeter(c.Pid, crowd)
	if err := gather(ctx, env, crowd); err != nil {
		return err
	}
	used := m.read()
	r.Server = crowd.Server()
	joins(r, "", crowd.Joining())
	used.tell(r)
	r.add("connections_tried_again", float64(crowd.Retries()))
	r.Failures = reasons(crowd.Err(), stayed(crowd))
	return nil
}

// joins adds when half of the members were there, and when all.
func joins(r *Result, prefix string, h *load.Histogram) {
	r.add(prefix+"join_p50_s", h.Quantile(.5).Seconds())
	r.add(prefix+"join_s", h.Max().Seconds())
}
