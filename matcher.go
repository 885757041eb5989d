package ircbus

import "time"

// Matcher tries views on one event after the other. It folds each value once,
// however many patterns there are, and counts its work, so that who searches
// for others can end in time. It is not for use by several goroutines at a time.
type Matcher struct {
	views    []View
	channels []string // of the views, folded
	values   folded
	weight   int // of all filters
}

// NewMatcher makes the Matcher of some views; none means everything.
func NewMatcher(views []View) *Matcher {
	m := &Matcher{views: views}
	for _, v := range views {
		m.channels = append(m.channels, Fold(v.Channel))
		m.weight += v.Filter.Weight()
	}
	return m
}

// Match reports whether the event is in one of the views.
func (m *Matcher) Match(e *Event) bool {
	if len(m.views) == 0 {
		return true
	}
	channel := Fold(e.Channel)
	_, tombstone := e.Fields.Redacts()
	m.values.begin(e.Fields)
	for i := range m.views {
		if m.channels[i] == channel && (tombstone || m.views[i].Filter.passes(&m.values)) {
			return true
		}
	}
	m.values.work += len(m.views) * viewCost
	return false
}

// MostWork is the most that Match can take for the event.
func (m *Matcher) MostWork(e *Event) time.Duration {
	size := 0
	for i := range e.Fields {
		size += len(e.Fields[i].Value)
	}
	return time.Duration(m.weight*(size+matchCost*len(e.Fields)) + wideCost*size)
}

// viewCost is what comparing a channel costs, in nanoseconds.
const viewCost = 10

// Work is about how much processor time all matching has taken so far, a little
// more rather than less. It is counted, not measured: the same events cost the
// same on a busy machine.
func (m *Matcher) Work() time.Duration { return time.Duration(m.values.work) }
