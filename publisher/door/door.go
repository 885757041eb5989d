// Package door is what the doors of the bus share: the packages beside it
// through which programs come in that do not speak the bus's own protocols. An
// Inlet is a door's way into the log, and keeps count of what came of its
// input; Packets and Conns receive it; Secrets tells whom to trust.
package door

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
)

// Bus is what the bus gives to each of its doors.
type Bus struct {
	// Append takes events into the log. It refuses those of a publisher that
	// there is no more.
	Append publisher.Appender

	// Ensure makes a publisher of the wiki unless it is one, and returns its
	// account and first channel.
	Ensure func(context.Context, ircbus.Wiki) (account, channel string, err error)

	// AddChannels lets a publisher publish in channels beyond those that it has.
	AddChannels func(account string, channels []string) error

	// Feed is the packed channel in which an account publishes if somebody asks
	// for the given one, by its own name or by that of its readable channel; ""
	// is the account's first. The error is an *ircbus.Refusal.
	Feed func(account, channel string) (string, error)

	// Keyed is a publisher's event with a key. known says that there was one; of one
	// that is not kept any more there are no fields.
	Keyed func(ctx context.Context, publisher, key string) (event ircbus.Event, known bool, err error)

	// Person is the account of a person whom a sender names, by that. The error is
	// an *ircbus.Refusal.
	Person func(name string) (account string, err error)

	// Notify tells a person something, on disk when it returns, and delivered now
	// or at his next login. The error is an *ircbus.Refusal or ctx's.
	Notify func(context.Context, ircbus.Memo) error

	// Slowly reports whether a secret that could be guessed is right: look finds out,
	// unless too many wrong ones came before, when the error has a method RetryAfter()
	// time.Duration. name is whose secret it is. nil: nobody is slowed down.
	Slowly func(name, secret string, from netip.Addr, look func() bool) error

	// Account is who an HTTP request proves to be with its Authorization. The
	// error is the answer.
	Account func(*http.Request) (string, error)

	Refused func(ircbus.Code) // counts refusals; may be nil
	MaxBody int               // limit, in bytes, of an event's canonical form; 0 means ircbus.MaxBody
	Log     *slog.Logger      // nil for none
}

// Inlet is one door's way into the bus. Its methods may be called from any
// goroutine.
type Inlet struct {
	Bus
	Name string // as in the configuration

	report reporter
}

// New makes the inlet of a door.
func New(name string, bus Bus) *Inlet {
	if bus.Refused == nil {
		bus.Refused = func(ircbus.Code) {}
	}
	if bus.Log == nil {
		bus.Log = slog.New(slog.DiscardHandler)
	}
	bus.Log = bus.Log.With("door", name)
	in := &Inlet{Bus: bus, Name: name}
	in.report.init()
	return in
}

// Speaker makes the account a publisher, which may publish in these channels too,
// unless it is one, and returns its name.
func (in *Inlet) Speaker(ctx context.Context, name string, channels []string) (account string, err error) {
	account, _, err = in.Ensure(ctx, ircbus.Wiki{Publisher: name})
	if err == nil && len(channels) > 0 {
		err = in.AddChannels(account, channels)
	}
	return account, err
}

// Event addresses and checks an event of the account. The channel is one for
// which Bus.Feed has a feed. The error is an *ircbus.Refusal.
func (in *Inlet) Event(account, channel string, fields ircbus.Fields) (ircbus.Event, error) {
	feed, err := in.Feed(account, channel)
	if err != nil {
		return ircbus.Event{}, err
	}
	accepted, err := ircbus.Accept(fields, in.MaxBody)
	return ircbus.Event{Channel: feed, Publisher: account, Fields: accepted}, err
}

// CodeOf is the code of an error that refuses an event.
func CodeOf(err error) ircbus.Code {
	if refusal, ok := errors.AsType[*ircbus.Refusal](err); ok {
		return refusal.Code
	}
	return ircbus.InvalidEvent
}

// ReasonFor is why something is refused that Inlet.Event has returned an error
// for.
func ReasonFor(err error) Reason {
	if CodeOf(err) == ircbus.NotPublisher {
		return Target
	}
	return Refused
}
