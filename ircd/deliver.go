package ircd

import (
	"bytes"
	"runtime"
	"time"

	"github.com/ircbus/ircbus"
)

// Before others get a turn, so many events are delivered at most, and none is
// begun after so long.
const (
	deliverAtOnce = 64
	deliverFor    = 100 * time.Microsecond
)

// Deliver shows stored events to the members of their channels. One goroutine
// calls it, in id order. It does not keep the events, and it does not wait for
// any member.
func (s *Server) Deliver(events []ircbus.Event) {
	for len(events) > 0 {
		runtime.Gosched() // whoever has published them is answered first, if it can be
		events = events[s.deliverSome(events):]
	}
}

// deliverSome delivers the first events and returns how many.
func (s *Server) deliverSome(events []ircbus.Event) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := time.Now()
	for n < min(len(events), deliverAtOnce) && (n == 0 || time.Since(begun) < deliverFor) {
		s.deliver(&events[n])
		n++
	}
	return n
}

func (s *Server) deliver(e *ircbus.Event) {
	s.head.Store(uint64(e.ID))
	s.lastEvent = e.At
	r := s.rendering(e)
	if fn := s.feeds[foldChan(e.Channel)]; fn != nil {
		fn.feed.note(e, r.redacts)
		r.to(fn.feed.packed)
		if fn.feed.text != nil {
			r.to(fn.feed.text)
		}
	}
	s.stats.deliveries.Add(r.deliveries)
	if r.publisher != nil {
		for _, c := range r.publisher.person.clients {
			c.own.delivered(e.ID)
		}
	}
}

// lines are an event in one rendering of a view: texts with their line ends,
// each after the same tags and head.
type lines struct {
	tags, head []byte
	texts      [][]byte
}

func (l *lines) size() int {
	n := len(l.texts) * (len(l.tags) + len(l.head))
	for _, text := range l.texts {
		n += len(text)
	}
	return n
}

func (l *lines) append(dst []byte) []byte {
	for _, text := range l.texts {
		dst = append(append(append(dst, l.tags...), l.head...), text...)
	}
	return dst
}

func (l *lines) clone() lines {
	c := lines{bytes.Clone(l.tags), bytes.Clone(l.head), make([][]byte, len(l.texts))}
	for i, text := range l.texts {
		c.texts[i] = bytes.Clone(text)
	}
	return c
}

// to appends the event to the streams of all views that it is in: each line is
// made once, and copied under the name of each view after each set of tags that
// somebody wants.
func (r *rendering) to(fn *feedName) {
	s := &r.s.scratch
	s.views = fn.index.AppendMatches(s.views[:0], r.event.Fields)
	if len(s.views) == 0 {
		return
	}
	r.begin(fn.isText)
	for _, v := range s.views {
		if l := r.lines(v); len(l.texts) > 0 {
			r.toStreams(v, l)
		}
	}
}

func (r *rendering) toStreams(v *view, l lines) {
	for key, st := range v.streams {
		tags, l := r.tags(key.tags), l
		switch {
		case r.redacts && key.tags&tagRedact != 0:
			l = lines{tags: tags, texts: [][]byte{r.redact(v)}}
		case len(l.texts) > 1 && key.tags&tagBatch != 0:
			l = lines{texts: r.batch(v, tags)}
		default:
			l.tags = tags
		}
		if key.own == nil || key.own.passes(st, r.event.ID, &l) {
			st.append(r.event.ID, &l)
			r.deliveries += uint64(st.live)
		}
	}
}
