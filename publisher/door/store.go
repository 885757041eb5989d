package door

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ircbus/ircbus"
)

const (
	firstRetry   = 100 * time.Millisecond
	lastRetry    = 5 * time.Second        // between two tries while the store is away
	drainTimeout = 700 * time.Millisecond // for what has been received when a door closes
)

// Input is what a door has made of one thing that it received.
type Input struct {
	Sender string         // for the report: an address, or a name that was proven
	Events []ircbus.Event // as Inlet.Event makes them
	Memos  []ircbus.Memo  // as Inlet.Memo makes them
}

// Store stores the input with one try: for doors that can tell their sender what
// came of it. The memos are stored one by one, and then the events, all or none:
// nothing is done after these, so that a sender that repeats what has failed does
// not repeat events. A memo that is refused for good does not keep events back.
// One receipt is returned for each event. The error is an *ircbus.Refusal, with
// StoreUnavailable if another try is worth while, or ctx's; it has been counted.
func (in *Inlet) Store(ctx context.Context, input Input) (receipts []ircbus.Receipt, err error) {
	err = in.tell(ctx, input.Memos)
	if err != nil && len(input.Events) > 0 && final(err) {
		in.Refuse(reasonOf(err), input.Sender, err)
		err = nil
	}
	if err == nil && len(input.Events) > 0 {
		if receipts, err = in.Append(ctx, input.Events); err == nil {
			in.stored(input.Events, receipts)
		}
	}
	if err != nil && ctx.Err() == nil {
		in.Refuse(reasonOf(err), input.Sender, err)
	}
	return receipts, err
}

// reasonOf is why the bus has refused something.
func reasonOf(err error) Reason {
	if CodeOf(err) == ircbus.RateLimited {
		return Rate
	}
	return Refused
}

// Keep stores inputs, whatever it takes, until ctx ends: for doors whose senders
// are told nothing. If the log refuses the batch for one input's sake, the
// others are stored without it.
func (in *Inlet) Keep(ctx context.Context, inputs ...Input) {
	in.keepEvents(ctx, inputs)
	for _, input := range inputs {
		for _, m := range input.Memos {
			err := in.Retry(ctx, func() error { return in.tell(ctx, []ircbus.Memo{m}) })
			if err != nil && ctx.Err() != nil {
				in.Drop(Queue, 1)
			} else if err != nil {
				in.Refuse(reasonOf(err), input.Sender, err)
			}
		}
	}
}

func (in *Inlet) keepEvents(ctx context.Context, inputs []Input) {
	var events []ircbus.Event
	for _, input := range inputs {
		events = append(events, input.Events...)
	}
	if len(events) == 0 {
		return
	}
	var receipts []ircbus.Receipt
	err := in.Retry(ctx, func() (err error) {
		receipts, err = in.Append(ctx, events)
		return err
	})
	switch {
	case err == nil:
		in.stored(events, receipts)
	case ctx.Err() != nil:
		in.Drop(Queue, len(events))
	case len(inputs) == 1:
		in.Refuse(reasonOf(err), inputs[0].Sender, err)
	default:
		for i := range inputs {
			in.keepEvents(ctx, inputs[i:i+1])
		}
	}
}

// Retry calls try until it succeeds, is refused for good, or ctx ends.
func (in *Inlet) Retry(ctx context.Context, try func() error) error {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := try()
		if err == nil || final(err) || ctx.Err() != nil {
			return err
		}
		in.Trouble("the store is not available, input is waiting", err)
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// final reports whether another try is pointless.
func final(err error) bool {
	refusal, ok := errors.AsType[*ircbus.Refusal](err)
	return ok && refusal.Code != ircbus.StoreUnavailable
}

// Draining returns a context that outlives ctx by the time in which a door that
// closes may still store what it has received.
func Draining(ctx context.Context) (context.Context, context.CancelFunc) {
	storing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(drainTimeout, cancel) })
	return storing, func() {
		stop()
		cancel()
	}
}
