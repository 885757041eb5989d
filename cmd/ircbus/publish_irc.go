package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/ircbus/ircbus/publisher"
	"github.com/ircbus/ircbus/publisher/tlsconfig"
)

const (
	// spoolPatience is how long a command with a spool waits for the bus, or for
	// another command that has the spool open, before it goes on without.
	spoolPatience = 10 * time.Second
	// parting is how long an interrupted command waits for answers under way.
	parting = 5 * time.Second
)

// ircDoor publishes with the client library.
type ircDoor struct {
	cmd     *publishCmd
	client  *publisher.Client
	channel string
	stderr  io.Writer
}

func newIRCDoor(g *globals, c *publishCmd, to busAddress, channel string, s secret) (*ircDoor, error) {
	if c.Account == "" {
		return nil, errNoAccount
	}
	o := publisher.Options{
		Addr: to.irc, Account: c.Account, Secret: s.text, Channel: channel,
		InsecurePlaintext: c.InsecurePlaintext, Spool: c.Spool,
		Log: slog.New(atLeast{g.log.Handler(), slog.LevelWarn}),
	}
	if to.tls {
		o.TLS = tlsconfig.New()
	}
	if len(c.Fields) > 0 { // what happened to one event is told at the end
		o.Log = slog.New(atLeast{g.log.Handler(), slog.LevelError})
	}
	client, err := dialPatiently(g.ctx, c, o)
	if err != nil {
		return nil, err
	}
	if channel == "" {
		channel = "#" + c.Account
	}
	d := &ircDoor{cmd: c, client: client, channel: channel, stderr: g.stderr}
	d.drain(g.ctx) // what is published behind an empty spool gets its id at once
	return d, nil
}

// drain sends what is in the spool if the bus is there. It returns what keeps
// the rest there.
func (d *ircDoor) drain(ctx context.Context) error {
	if d.client.Spooled() == 0 || d.client.Trouble() != nil {
		return d.client.Trouble()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.cmd.Timeout, errNoAnswer)
	defer cancel()
	return d.client.Flush(ctx)
}

// dialPatiently waits for another command to give a spool free: wikis run
// several hooks at once.
func dialPatiently(ctx context.Context, c *publishCmd, o publisher.Options) (*publisher.Client, error) {
	patience := c.Timeout
	if c.Spool != "" {
		patience = min(patience, spoolPatience)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		client, err := publisher.Dial(ctx, o)
		if !errors.Is(err, publisher.ErrSpoolLocked) {
			return client, err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: wait for it, or use another directory", err)
		}
	}
}

var errNoAccount = usageError("publishing over IRC needs the account's name: --account NAME")

// errNoAnswer is what waiting longer than --timeout ends with.
var errNoAnswer = errors.New("the bus has not acknowledged the event in time (--timeout)")

// sent is an event that has been handed to the client, or was none.
type sent struct {
	in      input
	pending *publisher.Pending
	err     error
}

func (d *ircDoor) publish(ctx context.Context, in <-chan input, report func(input, outcome)) error {
	sending, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan sent, 1024)
	go d.submit(sending, in, queue)
	// Answers are waited for a little longer than ctx.
	waiting, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(parting, giveUp) })()

	var failure error
	for s := range queue { // submit ends it
		o := d.await(waiting, s)
		if errors.Is(o.err, context.Canceled) {
			continue // interrupted, or after a failure that has been reported
		}
		report(s.in, o)
		if errors.Is(o.err, errNoAnswer) || errors.As(o.err, new(*publisher.LoginError)) {
			failure = o.err
			stop()
			giveUp()
		}
	}
	return failure
}

// submit hands events to the client in their order and closes queue at the end.
func (d *ircDoor) submit(ctx context.Context, in <-chan input, queue chan<- sent) {
	defer close(queue)
	for {
		select {
		case <-ctx.Done():
			return
		case i, more := <-in:
			if !more {
				return
			}
			s := sent{in: i, err: i.err}
			if s.err == nil {
				s.pending, s.err = d.client.Submit(ctx, d.channel, i.fields)
			}
			queue <- s // publish reads to the end
		}
	}
}

func (d *ircDoor) await(ctx context.Context, s sent) outcome {
	if s.err != nil {
		return outcome{err: s.err}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.cmd.Timeout, errNoAnswer)
	defer cancel()
	receipt, err := s.pending.Wait(ctx)
	o := outcome{id: receipt.ID, key: s.pending.Key(), err: err}
	if o.id != 0 {
		o.duplicate = &receipt.Duplicate
	}
	return o
}

// finish drains the spool if the bus is there, and says what stays in it.
func (d *ircDoor) finish(ctx context.Context) error {
	trouble := d.drain(ctx)
	if err := d.client.Close(); err != nil {
		return err
	}
	n := d.client.Spooled()
	if n == 0 {
		return nil
	}
	if errors.As(trouble, new(*publisher.LoginError)) {
		return fmt.Errorf("the spool %s keeps what the bus does not take (events: %d): %w", d.cmd.Spool, n, trouble)
	}
	fmt.Fprintf(d.stderr, "ircbus: the spool %s keeps what could not be sent for the next publish (events: %d): %v\n", d.cmd.Spool, n, trouble)
	return nil
}

// atLeast passes log records from a level on.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}
