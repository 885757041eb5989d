package ircd

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// inquiry is a private message to a publisher that the server answers in its
// place, whether somebody is connected as it or not (docs/protocol.md, "Old
// events on IRC").
type inquiry struct {
	command string    // HELP, STOP, LAST, GETMESSAGES_SINCE or GETMESSAGES_SINCE_ENTRY
	last    int       // LAST: how many
	raw     bool      // LAST: packed
	from    time.Time // GETMESSAGES_SINCE
	after   ircbus.ID // GETMESSAGES_SINCE_ENTRY: the id
	epoch   string    // and of which log it is; "" if that is not said
	key     string    // or the key
	action  string    // a pattern that the field "action" must match; "" is any
	file    bool      // by DCC SEND
	passive bool      // where the client listens
}

// Limits of what is asked for.
const (
	maxNotices   = 50     // entries that come as notices, and lines of them twice as many
	maxAsked     = 10_000 // entries of LAST, and of a file
	defaultAsked = 10     // entries of LAST without a number
)

// parseInquiry reads a private message. It is nil, without an error, if it is
// not a question.
func parseInquiry(text string, now time.Time) (*inquiry, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil, nil
	}
	q := &inquiry{command: strings.ToUpper(words[0])}
	args := q.cutFile(words[1:])
	switch q.command {
	case "HELP", "STOP":
		if len(words) > 1 {
			return nil, nil // somebody talks to somebody
		}
		return q, nil
	case "LAST":
		return q.parseLast(args)
	case "GETMESSAGES_SINCE", "GETMESSAGES_SINCE_ENTRY":
		return q, q.parseSince(args, now)
	}
	return nil, nil
}

// cutFile takes the words DCC and DCC PASSIVE off the end.
func (q *inquiry) cutFile(args []string) []string {
	is := func(back int, word string) bool {
		return len(args) >= back && strings.EqualFold(args[len(args)-back], word)
	}
	switch {
	case is(1, "DCC"):
		q.file = true
		return args[:len(args)-1]
	case is(1, "PASSIVE") && is(2, "DCC"):
		q.file, q.passive = true, true
		return args[:len(args)-2]
	}
	return args
}

func (q *inquiry) parseLast(args []string) (*inquiry, error) {
	q.last = defaultAsked
	if n := len(args); n > 0 && strings.EqualFold(args[n-1], "RAW") {
		q.raw, args = true, args[:n-1]
	}
	if len(args) > 1 {
		return nil, nil
	}
	if len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		if err != nil && !q.file {
			return nil, nil
		}
		if err != nil || n < 1 || n > maxAsked {
			return q, fmt.Errorf("LAST gives 1 to %d entries", maxAsked)
		}
		q.last = n
	}
	return q, nil
}

func (q *inquiry) parseSince(args []string, now time.Time) error {
	switch {
	case len(args) == 0 && q.command == "GETMESSAGES_SINCE":
		return fmt.Errorf("%s needs a date: 2026-11-20T10:00:00Z, 2026-11-20, -2h, -7d, Unix seconds or 20261120100000", q.command)
	case len(args) == 0:
		return fmt.Errorf("%s needs an entry: its id, or key= and its key", q.command)
	case len(args) > 2:
		return fmt.Errorf("%s takes a start and a type, and the word DCC for a file", q.command)
	case len(args) == 2:
		q.action = args[1]
	}
	if q.command == "GETMESSAGES_SINCE" {
		var err error
		q.from, err = ircbus.ParseTime(args[0], now)
		return err
	}
	if key, ok := strings.CutPrefix(args[0], "key="); ok && key != "" {
		q.key = key
		return nil
	}
	cursor, err := ircbus.ParseCursor(strings.TrimPrefix(args[0], "id="))
	if err != nil || cursor.ID > math.MaxInt64 {
		return fmt.Errorf("%q is not an entry: use its id, a whole number like 123, or key= and its key", clip(args[0]))
	}
	q.after, q.epoch = cursor.ID, cursor.Epoch
	return nil
}

// view is what the question is about: a publisher's own channel, perhaps with a
// filter.
func (q *inquiry) view(channel string) (ircbus.View, error) {
	if q.action == "" {
		return ircbus.ParseView(channel)
	}
	return ircbus.ParseView(channel + "?" + ircbus.Fields{{Key: "action", Value: q.action}}.Encode())
}

// query asks the store for at most limit events.
func (q *inquiry) query(view ircbus.View, limit int) EventQuery {
	if q.last > 0 {
		return EventQuery{View: view, Limit: min(q.last, limit), Desc: true}
	}
	return EventQuery{View: view, From: q.from, After: q.after, Limit: limit}
}
