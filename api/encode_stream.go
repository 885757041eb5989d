package api

import (
	"strconv"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// append adds one event to buf. An event object has no line end in it, so one
// data line is enough.
func (s *stream) append(e *ircbus.Event) {
	filled := s.fill.fill(e)
	s.told = e.ID
	s.h.streamed.Add(1)
	if s.lines {
		s.buf = append(filled.AppendJSON(s.buf), '\n')
		return
	}
	s.buf = append(s.buf, "event: change\nid: "...)
	s.buf = ircbus.Cursor{Epoch: s.bounds.Epoch, ID: e.ID}.Append(s.buf)
	s.buf = append(s.buf, "\ndata: "...)
	s.buf = filled.AppendJSON(s.buf)
	s.buf = append(s.buf, "\n\n"...)
}

// tellGap tells that retention has removed events after the reader's cursor.
func (s *stream) tellGap(b history.Bounds) {
	s.appendGap(b)
	s.gapTo = b.Removed
}

// appendGap tells that events after the reader's cursor are not there any more:
// {"after":5,"removed":20,"oldest":21,"head":30,"epoch":"…"}.
func (s *stream) appendGap(b history.Bounds) {
	if s.lines {
		s.buf = append(s.buf, `{"gap":`...)
	} else {
		s.buf = append(s.buf, "event: gap\ndata: "...)
	}
	for _, member := range [...]struct {
		name string
		id   ircbus.ID
	}{{`{"after":`, s.after}, {`,"removed":`, b.Removed}, {`,"oldest":`, b.Oldest}, {`,"head":`, b.Head}} {
		s.buf = append(s.buf, member.name...)
		s.buf = strconv.AppendUint(s.buf, uint64(member.id), 10)
	}
	s.buf = append(s.buf, `,"epoch":`...)
	s.buf = appendJSONString(s.buf, b.Epoch)
	if s.lines {
		s.buf = append(s.buf, "}}\n"...)
	} else {
		s.buf = append(s.buf, "}\n\n"...)
	}
}

// appendBeat shows that the stream lives: a comment, or an empty line. An id
// without data moves a reader's Last-Event-ID over events that are not in its
// views, so that it need not go through them when it connects again.
func (s *stream) appendBeat() {
	if s.lines {
		s.buf = append(s.buf, '\n')
		return
	}
	s.buf = append(s.buf, ":\n"...)
	if s.told < s.after {
		s.told = s.after
		s.buf = append(s.buf, "id: "...)
		s.buf = ircbus.Cursor{Epoch: s.bounds.Epoch, ID: s.after}.Append(s.buf)
		s.buf = append(s.buf, '\n')
	}
	s.buf = append(s.buf, '\n')
}
