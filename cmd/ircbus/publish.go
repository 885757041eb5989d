package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// publishCmd publishes one event from its arguments, or many from standard
// input, over IRC or HTTP.
type publishCmd struct {
	publishing
	Channel string `help:"Channel to publish in (default: the account's own)." placeholder:"#CHANNEL"`
	Spool   string `help:"Directory that keeps events while the bus is away (IRC only)." placeholder:"DIR"`

	credentials

	Fields []string `arg:"" optional:"" name:"field=value" help:"Fields of one event. Without any, events are read from standard input: a JSON object or a query string per line."`
}

// publishDoor is one way to publish many events in order.
type publishDoor interface {
	// publish publishes what comes from in and reports what became of each, in
	// order. It returns when in is closed and everything has its answer, or with
	// the error after which there is no use in going on. When ctx ends, in is
	// closed, and publish finishes what can be finished soon.
	publish(ctx context.Context, in <-chan input, report func(input, outcome)) error
	// finish is called after publish, to say what remains to be said.
	finish(ctx context.Context) error
}

// input is one event that was read, or why a line is none.
type input struct {
	line   int // from 1; 0 for the arguments
	fields ircbus.Fields
	err    error
}

// outcome is what became of an event.
type outcome struct {
	id        ircbus.ID // 0 if it waits in the spool
	key       string
	duplicate *bool // nil while the bus has not told
	err       error // why it was not published
}

func (c *publishCmd) Run(g *globals) error {
	channel := c.Channel
	if channel != "" && !strings.HasPrefix(channel, "#") {
		channel = "#" + channel
	}
	in, err := c.input(g)
	if err != nil {
		return err
	}
	secret, err := c.secret()
	if err != nil {
		return err
	}
	d, err := c.open(g, channel, secret)
	if err != nil {
		return err
	}
	r := newReporter(g, len(c.Fields) > 0)
	err = d.publish(g.ctx, in, r.report)
	if ended := d.finish(g.ctx); err == nil {
		err = ended
	}
	return r.finish(g.ctx, err)
}

func (c *publishCmd) open(g *globals, channel string, s secret) (publishDoor, error) {
	to, err := c.address(g)
	switch {
	case err != nil:
		return nil, err
	case to.http != "" && c.Spool != "":
		return nil, usagef("--spool needs the bus's address for IRC, as in --server irc://HOST:PORT")
	case c.Timeout <= 0:
		return nil, usagef("--timeout must be more than 0")
	case to.http != "":
		return newHTTPDoor(c, to.http, channel, s)
	}
	return newIRCDoor(g, c, to, channel, s)
}

// input says where the events come from: the arguments or standard input.
func (c *publishCmd) input(g *globals) (<-chan input, error) {
	if len(c.Fields) == 0 {
		if isTerminal(g.stdin) {
			fmt.Fprintln(g.stderr, "Reading events from the terminal, one a line; Ctrl-D ends.")
		}
		return readInputs(g.ctx, content.WithoutBOM(g.stdin)), nil
	}
	var f ircbus.Fields
	for _, arg := range c.Fields {
		key, value, found := strings.Cut(arg, "=")
		if !found {
			return nil, usagef("%q is not FIELD=VALUE", arg)
		}
		f = append(f, ircbus.Field{Key: key, Value: value})
	}
	if _, err := ircbus.Accept(f, 0); err != nil {
		return nil, usagef("this event cannot be published: %v", err)
	}
	in := make(chan input, 1)
	in <- input{fields: f}
	close(in)
	return in, nil
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
