package publisher

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/ircbus/ircbus"
)

// entry is one event of the spool on its way to the bus.
type entry struct {
	channel string
	fields  ircbus.Fields
	line    string   // as it stands in the segment, without its end
	end     position // behind it
	settled bool
}

// next returns the next event that has not been returned. An error says that a
// line is damaged: it is set aside in the file "refused", and the next call goes on.
// It must only be called while unread is not 0.
func (s *spool) next() (*entry, error) {
	if len(s.chunk) == 0 {
		if err := s.fill(); err != nil {
			return nil, s.unreadable(err)
		}
	}
	line, rest, _ := bytes.Cut(s.chunk, []byte{'\n'})
	s.chunk = rest
	s.read.offset += int64(len(line)) + 1
	e := &entry{line: string(line), end: s.read}
	s.pending = append(s.pending, e)
	s.countRead++
	var err error
	if e.channel, e.fields, err = parseLine(e.line); err != nil {
		s.refuse(e, ircbus.Refuse(ircbus.InvalidEvent, "damaged in the spool: %v", err))
		s.settle(e)
		return nil, err
	}
	return e, nil
}

// unreadable gives up, for the life of this process, what the disk does not
// return any more: without that, it would be tried again and again. From now on
// the position and the files stay as they are, so that the next process tries
// everything once more.
func (s *spool) unreadable(err error) error {
	s.log.Error("events in the spool cannot be read: they will be tried again after a restart", "spool", s.dir, "events", s.unread(), "err", err)
	s.unreliable = true
	s.count = s.countRead
	s.chunk = nil
	if n := len(s.segments); n > 0 {
		s.read = position{s.segments[n-1].number, s.segments[n-1].size}
	}
	return err
}

// settle notes that an event has its answer, moves the position on when all
// before it have theirs, too, and deletes what is done with.
func (s *spool) settle(e *entry) {
	e.settled = true
	for len(s.pending) > 0 && s.pending[0].settled {
		first := s.pending[0]
		s.pending = s.pending[1:]
		s.done = first.end
		s.count--
		s.countRead--
		s.size -= int64(len(first.line)) + 1
		s.unsaved++
	}
	passed := len(s.segments) > 0 && s.segments[0].number < s.done.segment
	if !passed && s.unsaved < maxUnsaved && s.count > 0 {
		return
	}
	if err := s.savePosition(); err != nil {
		s.log.Warn("events of the spool may be sent twice, which the bus will notice", "err", err)
	}
	s.tidy()
}

// maxUnsaved is after how many settled events the position is written at the
// latest.
const maxUnsaved = 256

// tidy deletes the segments before the position, and all when nothing waits.
func (s *spool) tidy() {
	if s.unreliable {
		return
	}
	if s.count == 0 && s.out != nil {
		s.out.Close()
		s.out = nil
	}
	for len(s.segments) > 0 && (s.count == 0 || s.segments[0].number < s.done.segment) {
		if err := s.removeFirst(); err != nil {
			s.log.Warn("a segment of the spool that has been sent cannot be deleted", "err", err)
			return
		}
	}
}

// appendLine writes an event as a segment's line.
func appendLine(dst []byte, channel string, f ircbus.Fields) []byte {
	dst = append(dst, channel...)
	dst = append(dst, ' ')
	dst = f.Append(dst)
	return append(dst, '\n')
}

// parseLine reads what appendLine wrote, without its end. Anything that is not
// exactly so is damage: a canonical line has no other form.
func parseLine(line string) (channel string, f ircbus.Fields, err error) {
	channel, query, _ := strings.Cut(line, " ")
	if err := ircbus.CheckChannel(channel); err != nil {
		return "", nil, err
	}
	if f, err = ircbus.Parse(query); err != nil {
		return "", nil, err
	}
	if f, err = ircbus.Accept(f, math.MaxInt); err != nil {
		return "", nil, err
	}
	if !f.Has("key") || f.Encode() != query {
		return "", nil, fmt.Errorf("it is not in the form in which it was written")
	}
	return channel, f, nil
}
