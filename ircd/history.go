package ircd

import (
	"context"
	"errors"
	"time"

	"github.com/ircbus/ircbus"
)

// EventQuery asks for stored events of one view. The zero value of every field
// but View does not restrict.
type EventQuery struct {
	View         ircbus.View // of the packed channel
	After, Until ircbus.ID   // After < id ≤ Until
	From, To     time.Time   // From ≤ at < To
	Limit        int         // at most so many events
	Desc         bool        // newest first
	Budget       int         // about how many bytes of events may be read for it; 0 means Config.Events' own limit
}

// Chat keeps what people say; see history.Chat.
type Chat interface {
	Keep(m ircbus.Message)
	Last() uint64
	Messages(ctx context.Context, q ircbus.MessageQuery, fn func(*ircbus.Message) error) error
	Place(ctx context.Context, owner, target, msgid string) (p ircbus.Place, found bool, err error)
	Retract(ctx context.Context, msgid string) (removed int, err error)
	Conversations(ctx context.Context, owner string, from, to time.Time, limit int, desc bool) ([]ircbus.Conversation, error)
}

// MaxHistory is how many messages one question about what was said before can
// get, and the most that Replay can ask for.
const MaxHistory = 100

// Replay says how many lines from before are shown to somebody who joins, unless
// his client can ask for them itself; at most MaxHistory each.
type Replay struct {
	Text   int // in readable channels
	Packed int // in packed channels
	Chat   int // in people's channels, if what is said there is kept
}

// ErrUnfinished is the error of Config.Events when a filter matches so little
// that the search was given up. What was found until then has been given.
var ErrUnfinished = errors.New("the filter matches too little: not everything could be searched")

// events reads what q asks for.
func (s *Server) events(ctx context.Context, q EventQuery) (found []ircbus.Event, err error) {
	if s.cfg.Events == nil {
		return nil, nil
	}
	err = s.cfg.Events(ctx, q, func(e *ircbus.Event) error {
		found = append(found, *e)
		return nil
	})
	return found, err
}
