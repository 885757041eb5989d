package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Gathering are the flags of many connections that do nothing.
type Gathering struct {
	Connections int  `help:"Connections." default:"10000"`
	Channels    int  `help:"Ordinary channels over which they are spread." default:"100"`
	Feed        bool `help:"They join the feed of the bus instead."`
}

func (g *Gathering) check() error {
	if g.Connections < 1 || g.Channels < 1 {
		return errors.New("--connections and --channels must be at least 1")
	}
	return nil
}

// channels is what the n-th connection joins.
func (g *Gathering) channels(s *Server) func(n int) []string {
	if g.Feed {
		return func(int) []string { return []string{s.Channel} }
	}
	return func(n int) []string { return []string{fmt.Sprintf("#%sc%d", s.Nick, n%g.Channels)} }
}

func (g *Gathering) parameters(s *Server) map[string]any {
	p := map[string]any{"connections": g.Connections, "width": s.Width, "tls": s.TLS}
	if g.Feed {
		p["feed"] = true
	} else {
		p["channels"] = g.Channels
	}
	return p
}

// crowd makes the connections' crowd, of which nobody is there yet.
func (g *Gathering) crowd(s *session) (*load.Crowd, error) {
	if err := load.AllowFiles(g.Connections); err != nil {
		return nil, err
	}
	return load.NewCrowd(load.Options{
		Target: s.target, Members: g.Connections, Channels: g.channels(s.Server), Plan: load.Plan{Publishers: 1},
		Mark: load.NewMark(), Epoch: time.Now(), Threads: s.Threads, Width: s.Width,
	})
}

// gather brings everybody in and shows how far that is.
func gather(ctx context.Context, env *Env, c *load.Crowd) error {
	show := follow(env, func() string { return fmt.Sprintf("%d of %d have joined", c.Ready(), c.Members) })
	defer show.end()
	return c.Connect(ctx)
}
