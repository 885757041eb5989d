// Package bench is the command ircbus bench: it measures this bus, or any other
// IRC server, and checks at the same time that every line came once and in
// order. docs/performance.md says how to read the figures.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// Env is what a command gets from the program.
type Env struct {
	Context context.Context // ends with Ctrl-C
	Stdout  io.Writer
	Stderr  io.Writer
	JSON    bool // results as JSON instead of tables
	Show    bool // progress on Stderr
	Log     *slog.Logger
	Program string // the program that a benchmark starts as the server; "" is this one
}

// Output are the flags of every command that measures.
type Output struct {
	Results string `help:"Append the result to a file, a JSON object a line, for ircbus bench plot." placeholder:"FILE"`
	Label   string `help:"Name of the server in results and plots (default: what it says of itself)." placeholder:"NAME"`
}

// finish prints the result, keeps it, and returns what went wrong in it.
func (o *Output) finish(env *Env, r *Result) error {
	r.complete()
	if o.Label != "" {
		r.Server = o.Label
	}
	if err := o.keep(r); err != nil {
		return err
	}
	if err := r.print(env); err != nil {
		return err
	}
	if len(r.Failures) > 0 {
		return fmt.Errorf("%s: %s", r.Command, r.Failures[0])
	}
	return nil
}

// keep appends the result to the file.
func (o *Output) keep(r *Result) (err error) {
	if o.Results == "" {
		return nil
	}
	file, err := os.OpenFile(o.Results, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("the result cannot be kept: %w", err)
	}
	if err := json.NewEncoder(file).Encode(r); err != nil {
		file.Close()
		return fmt.Errorf("the result cannot be kept: %w", err)
	}
	return file.Close()
}

// reasons are the failures as sentences.
func reasons(failures ...error) (list []string) {
	for _, err := range failures {
		if err != nil {
			list = append(list, err.Error())
		}
	}
	return list
}

// faults is a crowd's faults as an error.
func faults(c *load.Crowd) error {
	f := c.Faults()
	return f.Err()
}
