package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ircbus/ircbus"
)

// delivery publishes the events of hooks with what ircbus publish has.
type delivery struct {
	cmd  *publishCmd
	open func() (publishDoor, error)
	door publishDoor // nil until it is needed

	refused  int
	firstWhy error // of a refusal
}

// direct publishes without a spool.
func (d *delivery) direct(ctx context.Context, events []ircbus.Fields) error {
	defer d.close(ctx)
	if err := d.publish(ctx, events, nil); err != nil {
		return err
	}
	return d.refusals()
}

// publish returns nil when the bus has each event, or has refused it for good: then
// refused, which may be nil, is told.
func (d *delivery) publish(ctx context.Context, events []ircbus.Fields, refused func(ircbus.Fields, error) error) error {
	if len(events) == 0 {
		return nil
	}
	if d.door == nil {
		door, err := d.open()
		if err != nil {
			return err
		}
		d.door = door
	}
	in := make(chan input, len(events))
	for i, f := range events {
		in <- input{line: i + 1, fields: f}
	}
	close(in)
	done, failure := 0, error(nil)
	err := d.door.publish(ctx, in, func(i input, o outcome) {
		switch {
		case o.err == nil:
			done++
		case !isRefusal(o.err):
			failure = o.err
		default:
			done++
			d.refuse(o.err)
			if refused != nil {
				failure = errors.Join(failure, refused(i.fields, o.err))
			}
		}
	})
	switch {
	case failure != nil:
		return failure
	case err != nil:
		return err
	case done < len(events):
		return errNotAll
	}
	return nil
}

var errNotAll = errors.New("there was no time to send them all")

// isRefusal reports whether it is for the event's own sake that the bus did not
// take it. A wrong channel, say, can still be put right.
func isRefusal(err error) bool {
	var refusal *ircbus.Refusal
	var problem *postProblem
	return errors.As(err, &refusal) && (refusal.Code == ircbus.InvalidEvent || refusal.Code == ircbus.EventTooLarge) ||
		errors.As(err, &problem) && problem.isAboutEvents()
}

func (d *delivery) refuse(why error) {
	d.refused++
	if d.firstWhy == nil {
		d.firstWhy = why
	}
}

// refusals is the error that tells of them, or nil.
func (d *delivery) refusals() error {
	if d.refused == 0 {
		return nil
	}
	return fmt.Errorf("the bus does not take it (events: %d): %w", d.refused, d.firstWhy)
}

func (d *delivery) close(ctx context.Context) {
	if d.door != nil {
		d.door.finish(ctx) // without a spool of its own there is nothing to say
		d.door = nil
	}
}
