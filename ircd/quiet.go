package ircd

import "github.com/ircbus/ircbus"

// leavesOut reports whether readable channels leave an event out by its
// publisher's word, Publisher.Quiet. Nobody is left in the dark about a redaction.
func leavesOut(quiet func(ircbus.Fields) bool, e *ircbus.Event) bool {
	if quiet == nil || !quiet(e.Fields) {
		return false
	}
	_, redacts := e.Redacts()
	return !redacts
}

// quietIn returns what a channel leaves out of its events; nil if it may leave out
// none. The server's lock is held; it is not needed to ask.
func (s *Server) quietIn(fn *feedName) func(*ircbus.Event) bool {
	if !fn.isText {
		return nil
	}
	quiet := make(map[lcNick]func(ircbus.Fields) bool)
	for _, p := range fn.feed.publishers {
		if p.Quiet != nil {
			quiet[foldNick(p.name)] = p.Quiet
		}
	}
	if len(quiet) == 0 {
		return nil
	}
	return func(e *ircbus.Event) bool { return leavesOut(quiet[foldNick(e.Publisher)], e) }
}

// maxQuietReads is how often one question asks the store for more, since what it
// said was to be left out.
const maxQuietReads = 8

// loud reads events, without those that the channel leaves out.
func (p *feedPast) loud(q EventQuery, read func(EventQuery) ([]ircbus.Event, error)) (found []ircbus.Event, err error) {
	if p.quiet == nil {
		return read(q)
	}
	limit := q.Limit
	for range maxQuietReads {
		q.Limit = MaxHistory
		events, err := read(q)
		if err != nil {
			return found, err
		}
		for _, e := range events {
			if !p.quiet(&e) {
				if found = append(found, e); len(found) == limit {
					return found, nil
				}
			}
		}
		if len(events) < q.Limit {
			break
		}
		if last := events[len(events)-1].ID; q.Desc {
			q.Until = last - 1
		} else {
			q.After = last
		}
	}
	return found, nil
}
