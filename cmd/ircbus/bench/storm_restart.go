package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// restart lets everybody come in, ends the bus, starts it again, publishes while
// they come back, and sees that nobody has missed anything.
func (c *Storm) restart(ctx context.Context, env *Env, s *session, r *Result) error {
	crowd, err := load.NewCrowd(load.Options{
		Target: s.target, Members: c.Connections, Channels: c.channels(&c.Server), Plan: load.Plan{Publishers: 1},
		Mark: load.NewMark(), Epoch: time.Now(), Threads: c.Threads, Width: c.Width,
		Reconnect: true, Caps: func(int) string { return load.CatchUpCaps },
	})
	if err != nil {
		return err
	}
	defer crowd.Close()
	run := &restart{Storm: c, server: s, env: env, crowd: crowd, text: load.Text{Bus: true, Channel: c.Channel, Mark: crowd.Mark, Size: 200}}
	if err := run.all(ctx, r); err != nil {
		return err
	}
	r.Server = crowd.Server()
	r.Failures = reasons(crowd.Err(), stayed(crowd), faults(crowd))
	return nil
}

// restart is one such run.
type restart struct {
	*Storm
	server *session
	env    *Env
	crowd  *load.Crowd
	text   load.Text
	sent   uint32
}

func (c *restart) all(ctx context.Context, r *Result) error {
	if err := gather(ctx, c.env, c.crowd); err != nil {
		return err
	}
	joins(r, "first_", c.crowd.Joining())
	if err := c.publish(ctx, 10); err != nil {
		return err
	}
	if err := c.arrive(ctx); err != nil {
		return err
	}
	c.end()
	began := time.Now()
	c.crowd.ResetJoining()
	if err := c.server.child.start(ctx, c.With); err != nil {
		return err
	}
	r.add("bus_ready_again_s", time.Since(began).Seconds())
	m := startMeter(c.server.child.pid(), c.crowd)
	if err := c.publish(ctx, c.Missed); err != nil {
		return err
	}
	r.add("published_again_s", time.Since(began).Seconds())
	if err := c.arrive(ctx); err != nil {
		return err
	}
	r.add("all_back_s", time.Since(began).Seconds())
	joins(r, "again_", c.crowd.Joining())
	m.read().tell(r)
	r.add("connections_tried_again", float64(c.crowd.Retries()))
	return nil
}

// end ends the bus.
func (c *restart) end() {
	if c.Kill {
		c.server.child.kill()
	} else {
		c.server.child.stop()
	}
}

// publish publishes n events and waits until they are acknowledged.
func (c *restart) publish(ctx context.Context, n int) error {
	p, err := load.DialPublisher(ctx, c.server.target, 0, c.server.login(0))
	if err != nil {
		return err
	}
	defer p.Close()
	p.Listen(nil)
	var lines []byte
	for range n {
		lines = c.text.Append(lines, c.sent, c.crowd.Since())
		c.sent++
	}
	if err := p.Write(lines); err != nil {
		return err
	}
	return c.crowd.Await(ctx, func() bool { return p.Acknowledged() == uint64(n) || p.Err() != nil })
}

// arrive waits until all are there and have everything.
func (c *restart) arrive(ctx context.Context) error {
	show := follow(c.env, func() string { return fmt.Sprintf("%d of %d are there", c.crowd.Ready(), c.crowd.Members) })
	defer show.end()
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Minute, fmt.Errorf("not everybody got everything within 5 minutes"))
	defer cancel()
	return c.crowd.Await(ctx, func() bool {
		return c.crowd.Ready() == c.crowd.Members && c.crowd.Lacking([]uint32{c.sent}) == 0
	})
}
