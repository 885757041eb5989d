package publisher

import (
	"context"

	"github.com/ircbus/ircbus"
)

// Appender takes events into the bus's log: whole batch or nothing, on disk when
// it returns, one receipt per event in order. It is what every door of the bus
// ends in; history.Log's Append is one.
//
// An event must have passed ircbus.Accept and have its Channel and Publisher
// set. A *ircbus.Refusal as error says why nothing of the batch was stored; only
// with the code StoreUnavailable is another try worth while.
type Appender func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error)

// Source is an input adapter: a door through which something that does not
// speak the bus's own protocols comes in, such as publisher/mediawiki. An
// adapter lives in a package of its own beside this one, in two halves: parse.go
// turns one message into fields and is pure (and fuzzed), source.go receives the
// messages and hands the events to an Appender. It
//
//   - documents its mapping, field by field, in the words of docs/protocol.md,
//     "Keys";
//   - gives every event a "key" made from what identifies it at its origin, so
//     that a repeat is one event;
//   - acknowledges to its origin, if that is possible at all, only after the
//     Appender has returned;
//   - counts what it had to refuse, by reason, and never lets one bad message
//     keep others back.
type Source interface {
	// Run receives until ctx ends, then finishes what it has received and
	// returns nil; any other end is an error. It is called once.
	Run(ctx context.Context) error
}
