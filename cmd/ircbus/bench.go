package main

import "github.com/ircbus/ircbus/cmd/ircbus/bench"

// benchCmd measures this bus or another IRC server.
type benchCmd struct {
	bench.Commands `embed:""`
	Progress       bool `help:"Show the progress also where standard error is not a terminal."`
}

// env is what the benchmarks need of the program.
func (c *benchCmd) env(g *globals) *bench.Env {
	return &bench.Env{
		Context: g.ctx, Stdout: g.stdout, Stderr: g.stderr, JSON: g.JSON, Log: g.log,
		Show: c.Progress || isTerminal(g.stderr),
	}
}
