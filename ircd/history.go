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
