// Package history says, in words and types, what the bus's durable, ordered log
// of events promises. Package history/sqlite keeps the promises in one file;
// package history/historytest checks that a store keeps them.
package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ircbus/ircbus"
)

// Log is the order of all events. It alone gives out ids and acceptance times.
type Log interface {
	// Append stores a batch, whole or not at all, and returns when it is on
	// disk: one receipt per event, in order. The events must have passed
	// ircbus.Accept; their Channel and Publisher must be set. Append gives them
	// ids in their order, and the field "time", if absent, the time of
	// acceptance.
	//
	// An event whose publisher has used the same "key" before, ever or earlier in
	// the batch, is not stored again: its receipt says so and carries the
	// first one's id and time.
	//
	// If the store cannot write, the error is an *ircbus.Refusal with
	// StoreUnavailable, nothing of the batch is stored, and a later Append may
	// succeed. If ctx ends first, the error is ctx's, and the batch may or may
	// not have been stored: a retry with keys is safe.
	Append(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error)

	// Redact removes an event, or some of its fields, for good: no Range, Tail or
	// Event that begins later gives what was removed, and nothing of it stays in
	// the store's files longer than a read that is under way. In the same
	// transaction it appends a tombstone, an event of the same publisher in the
	// same channel (ircbus.Redaction.Tombstone), and returns it when all of this
	// is on disk. If no fields would be left, the whole event is removed. Its id
	// stays a gap that Bounds.Removed does not know of, its key stays known. Of a
	// tombstone only the reason and the user can be removed.
	//
	// Errors: ErrNotFound or a *Redacted if there is no such event, or none in
	// the redaction's channel; an *ircbus.Refusal with InvalidEvent if it has not
	// got a field that is named, with NotPublisher if it is not r.By's own, with
	// StoreUnavailable as for Append; ctx's error.
	Redact(ctx context.Context, r ircbus.Redaction) (tombstone ircbus.Event, err error)

	// Tail calls fn with all events after the cursor, in id order, without gap
	// or repeat: first the stored ones, then each new one soon after its
	// Append's commit. fn must not keep the slice, nor change the events. Tail
	// returns when fn fails, with fn's error; when ctx ends, with ctx's; when
	// the store is closed, with ErrClosed. What retention removed before Tail
	// came to it is not delivered: the ids leave room for it, and Bounds tells.
	Tail(ctx context.Context, after ircbus.ID, fn func([]ircbus.Event) error) error
}

// Index answers questions about what the log has kept.
type Index interface {
	// Range calls fn with the events that q asks for, in q's order, as the
	// store is at one moment. It stops at fn's first error and returns it. Its
	// memory does not depend on how many events there are. Where retention, at
	// work meanwhile, has removed events that an ascending Range had still to
	// read, it ends with ErrRemoved instead of leaving a hole. When the query's
	// Budget is spent, it ends with an *Unfinished.
	Range(ctx context.Context, q Query, fn func(*ircbus.Event) error) error

	// Event returns one event, or ErrNotFound; a *Redacted, which is an
	// ErrNotFound too, for one that has been redacted as a whole.
	Event(ctx context.Context, id ircbus.ID) (ircbus.Event, error)

	// Keyed returns the id of the first event of a publisher with a key, whether
	// it is still kept or not; or ErrNotFound.
	Keyed(ctx context.Context, publisher, key string) (ircbus.ID, error)

	// Epoch returns the random id of this database, which stays the same while the
	// store is open. It needs neither the disk nor a connection, and cannot fail.
	Epoch() string

	// Bounds tells where the log begins and ends. Removed covers the given
	// channels, or all if none is given.
	Bounds(ctx context.Context, channels ...string) (Bounds, error)
}

// Query chooses events. The zero value of each field does not restrict.
type Query struct {
	After, Until ircbus.ID     // After < id ≤ Until
	From, To     time.Time     // From ≤ at < To
	Views        []ircbus.View // in any of these
	Limit        int           // at most so many events
	Desc         bool          // newest first

	// Budget is about how many bytes of events, wanted or not, may be read in
	// order to answer: a filter that matches nothing would read them all.
	Budget int

	// Brief leaves out the events' fields, so that a store need not read them.
	Brief bool

	// Lend lets the store use the memory of an event, of its strings too, again
	// as soon as fn has returned: fn must copy what it keeps.
	Lend bool
}

// Unfinished is the error of a Range that has spent its query's Budget. It has
// given everything up to Last, in the query's order; ask again for the rest.
type Unfinished struct{ Last ircbus.ID }

func (u *Unfinished) Error() string {
	return fmt.Sprintf("not everything was searched, only up to the event %d: ask again for the rest", u.Last)
}

// Bounds of the log at one moment.
type Bounds struct {
	Epoch  string    // random id of this database
	Head   ircbus.ID // last id on disk; 0 in an empty log
	Oldest ircbus.ID // first id still kept; Head+1 if none is

	// Removed and RemovedAt are the id and acceptance time of the newest event
	// that retention has removed; zero if it never removed any. Who asks for
	// events after a cursor below Removed gets an answer with a gap.
	Removed   ircbus.ID
	RemovedAt time.Time

	// Redacted is the id of the newest tombstone in any channel; 0 if there is
	// none. What was answered before it may have changed.
	Redacted ircbus.ID
}

// Retention says what may be removed from one channel: events older than MaxAge
// and all but the newest MaxCount. Zero does not limit.
type Retention struct {
	Channel  string // "" is every channel that has no rule of its own
	MaxAge   time.Duration
	MaxCount int
}

// Redacted is the error for an event that has been redacted as a whole.
type Redacted struct{ ID, Tombstone ircbus.ID }

func (r *Redacted) Error() string {
	return fmt.Sprintf("the event %d has been redacted: the event %d says by whom", r.ID, r.Tombstone)
}

// Is makes a Redacted an ErrNotFound.
func (r *Redacted) Is(target error) bool { return target == ErrNotFound }

// Errors that every store returns for these conditions.
var (
	ErrNotFound = errors.New("no such event")
	ErrClosed   = errors.New("the store is closed")
	ErrRemoved  = errors.New("events that were still to be read have been removed by retention: ask again after the last one")
)
