package subscriber

import (
	"context"
	"fmt"

	"github.com/ircbus/ircbus"
)

// Handler is an output adapter: what takes the bus's events out of it, such as a
// relay to another chat or a command per event. An adapter lives in a package of
// its own beside this one. It
//
//   - returns from Event only when the event has arrived where it belongs, since the
//     cursor then moves past it;
//   - retries by itself what may succeed later; an error ends Follow, with the
//     cursor before the event, so that nothing is skipped silently;
//   - bears the one event that comes again after a crash;
//   - may be slow: events wait on the bus, not in memory.
//
// Its methods are called by one goroutine, one call at a time. When their ctx
// ends they should return soon; what they return then still counts.
type Handler interface {
	// Event takes the next event, which then is the handler's to keep.
	Event(ctx context.Context, e *ircbus.Event) error

	// Gap says that events are missing before the next one. An error ends Follow.
	Gap(ctx context.Context, g Gap) error
}

// Reason says why events are missing.
type Reason string

// The reasons for a gap.
const (
	// Removed: the bus has removed events after the cursor by its retention.
	Removed Reason = "removed"
	// NewEpoch: the bus has another database than the cursor is from. What it
	// holds follows from its beginning; what it holds of the old one comes again.
	NewEpoch Reason = "new epoch"
	// Rewound: the bus's log ends before the cursor, as after restoring a
	// backup. What it has lost had been handed over; the ids will come again, with
	// other events.
	Rewound Reason = "rewound"
	// NewViews: the cursor was kept for other views. Of those that were added,
	// only events after the cursor follow.
	NewViews Reason = "new views"
)

// Gap is what the handler is told when the bus cannot give every event: those
// with After < id ≤ Until.
type Gap struct {
	Reason Reason
	After  ircbus.ID // with NewEpoch, an id of the old epoch
	Until  ircbus.ID // 0 if the bus cannot say
	Epoch  string    // of the bus now
}

// String says in a sentence what is missing.
func (g Gap) String() string {
	switch g.Reason {
	case NewEpoch:
		return fmt.Sprintf("the bus has a new database: what came after event %d in the old one may be missing, and everything in the new one follows", g.After)
	case Rewound:
		return fmt.Sprintf("the bus's log ends at event %d, before the cursor %d: it has lost events or was restored from a backup", g.After, g.Until)
	case NewViews:
		return fmt.Sprintf("the cursor was kept for other views: events of the added ones up to %d do not follow", g.Until)
	}
	if g.Until == 0 {
		return fmt.Sprintf("events after %d have been removed by the bus's retention", g.After)
	}
	return fmt.Sprintf("events after %d and up to %d have been removed by the bus's retention", g.After, g.Until)
}

// Func is a Handler that takes events only: at a gap Follow ends with a
// *GapError.
type Func func(ctx context.Context, e *ircbus.Event) error

// Event implements Handler.
func (f Func) Event(ctx context.Context, e *ircbus.Event) error { return f(ctx, e) }

// Gap implements Handler with an error.
func (f Func) Gap(_ context.Context, g Gap) error { return &GapError{g} }

// GapError is how Follow ends at a gap if the handler is a Func.
type GapError struct{ Gap }

func (e *GapError) Error() string { return "events are missing: " + e.Gap.String() }
