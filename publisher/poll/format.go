package poll

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// change is one that a wiki has told of.
type change struct {
	at     time.Time // zero if the wiki does not say
	fields ircbus.Fields
}

// key identifies it within its wiki for ever.
func (c *change) key() string { return c.fields.Get("key") }

// question is what a wiki is asked.
type question struct {
	url  string
	body []byte // of a call by XML-RPC; nil asks with GET

	etag, modified string // of the answer that is known; "" asks for any
}

// answer is what a wiki has told, oldest first.
type answer struct {
	changes []change
	refused []error      // parts of it that cannot be read
	more    string       // how to ask for the rest; "" if this was all
	wiki    *ircbus.Wiki // what it tells of itself; nil if nothing
}

// ask gets the answer to a question; nil if it is the one that is known.
type ask func(context.Context, question) ([]byte, error)

// format is a way to ask wikis. It is pure, but for what it remembers of the wiki.
type format interface {
	// since is the time, by the wiki's clock, from which it is asked for changes:
	// some before the place are asked for again. The zero time asks for all.
	since(p *place, now time.Time) time.Time

	// question asks for the changes since then, or for those last made if there
	// is no place yet. more is that of the answer before.
	question(p *place, since time.Time, more string) question

	// read takes an answer apart. The error is *again if another question might
	// be understood.
	read(body []byte) (*answer, error)

	// gap reports whether changes are missing between the place and an answer
	// that has nothing in common with what was known.
	gap(ctx context.Context, ask ask, p *place, a *answer) (bool, error)
}

// again is an error after which the wiki should be asked once more in another way.
type again struct{ error }

// oldestFirst sorts changes, which mostly come newest first.
func oldestFirst(changes []change) {
	if n := len(changes); n > 0 && !changes[0].at.Before(changes[n-1].at) {
		slices.Reverse(changes)
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
}

// number makes different keys of equal ones: of what happened to a page within a
// second, say. The oldest keeps its key.
func number(changes []change) {
	times := make(map[string]int, len(changes))
	for _, c := range changes {
		key := c.key()
		times[key]++
		if n := times[key]; n > 1 {
			for i := range c.fields {
				if c.fields[i].Key == "key" {
					c.fields[i].Value = mapping.Key(key, strconv.Itoa(n))
				}
			}
		}
	}
}
