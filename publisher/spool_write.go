package publisher

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ircbus/ircbus"
)

// append stores events behind all others and returns when they are on disk; if
// not all, stored says how many, and the error why: it wraps ErrSpoolFull, or is
// the disk's.
func (s *spool) append(events []*Pending) (stored int, err error) {
	for stored < len(events) {
		var batch []byte
		n, full := 0, false
		for _, p := range events[stored:] {
			line := appendLine(nil, p.channel, p.timed())
			if full = s.size+int64(len(batch)+len(line)) > s.limit; full {
				break
			}
			batch = append(batch, line...)
			n++
			if int64(len(batch)) >= s.segmentSize {
				break
			}
		}
		if n > 0 {
			if err := s.write(batch); err != nil {
				return stored, fmt.Errorf("the spool %s cannot be written: %w", s.dir, err)
			}
			s.count += n
			s.size += int64(len(batch))
			stored += n
		}
		if full {
			return stored, fmt.Errorf("%w: %d events wait in %s, its limit is %d bytes", ErrSpoolFull, s.count, s.dir, s.limit)
		}
	}
	return stored, nil
}

// timed returns the event's fields with the time of the Publish as "time": the
// bus would put the time of acceptance there, which may be a day later.
func (p *Pending) timed() ircbus.Fields {
	if p.fields.Has("time") {
		return p.fields
	}
	field := ircbus.Field{Key: "time", Value: p.at.UTC().Format(time.RFC3339)}
	f, err := ircbus.Accept(append(p.fields[:len(p.fields):len(p.fields)], field), p.client.options.MaxBody)
	if err != nil { // no room for one more
		return p.fields
	}
	return f
}

// write puts complete lines at the end of the last segment, or of a new one, and
// syncs. After a failure nothing of them counts.
func (s *spool) write(lines []byte) error {
	if s.out != nil && s.segments[len(s.segments)-1].size >= s.segmentSize {
		err := s.out.Close()
		s.out = nil
		if err != nil {
			return err
		}
	}
	if s.out == nil {
		if err := s.openSegment(); err != nil {
			return err
		}
	}
	last := &s.segments[len(s.segments)-1]
	_, err := s.out.WriteAt(lines, last.size)
	if err == nil {
		err = s.out.Sync()
	}
	if err != nil {
		// What was written must not count later. If it cannot be cut off now,
		// reopen tries again.
		err = errors.Join(err, s.out.Truncate(last.size), s.out.Close())
		s.out = nil
		return err
	}
	last.size += int64(len(lines))
	return nil
}

// openSegment opens the last segment, if there is room in it, or begins a new
// one.
func (s *spool) openSegment() error {
	number := s.done.segment + 1
	if n := len(s.segments); n > 0 {
		last := s.segments[n-1]
		if last.size < s.segmentSize {
			return s.reopen(last)
		}
		number = max(number, last.number+1)
	}
	file, err := os.OpenFile(s.path(number), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := ircbus.SyncDir(s.dir); err != nil {
		return errors.Join(err, file.Close())
	}
	s.out = file
	s.segments = append(s.segments, segment{number: number})
	return nil
}

// reopen cuts off what a crash or a full disk left behind the last complete line.
func (s *spool) reopen(last segment) error {
	file, err := os.OpenFile(s.path(last.number), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := file.Truncate(last.size); err != nil {
		return errors.Join(err, file.Close())
	}
	s.out = file
	return nil
}
