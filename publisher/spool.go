package publisher

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// spool keeps events on disk, in order. Its directory holds
//
//	00000001.events …   segments: a line "#channel query-string" per event, only ever appended to
//	position            "segment offset": up to here everything has its answer
//	refused             events that the bus refused for good, with the reason
//	lock                locked by the process that has the spool open
//
// A line counts once it is complete, so one torn by a crash is as if it had never
// been there: its Publish had not returned. The position may lag behind after a
// crash: then events are sent once more, and their keys make them duplicates.
// A segment is deleted when all of it has its answer.
//
// One goroutine owns a spool.
type spool struct {
	dir         string
	limit       int64 // bytes of events that may wait
	segmentSize int64
	log         *slog.Logger
	lock        *os.File

	segments []segment // with something to read or settle, or open for writing; oldest first
	out      *os.File  // the last segment, if open for writing; else nil

	read    position // what next returns next; in segments, or at the end of the last
	chunk   []byte   // bytes from read on
	pending []*entry // returned by next, in order, the first not settled

	done      position // what the file "position" says, or should
	unsaved   int      // settled since it was written
	count     int      // events not settled
	size      int64    // their bytes
	countRead int      // of count, those in pending

	unreliable bool // a part could not be read: nothing is deleted any more
}

type segment struct {
	number uint64
	size   int64 // bytes of complete lines
}

// position is a place between two lines.
type position struct {
	segment uint64
	offset  int64
}

const (
	segmentSize   = 1 << 20
	segmentSuffix = ".events"
	maxSegment    = 1 << 40 // more than a position can honestly say
)

// openSpool opens or makes a spool and counts what waits in it.
func openSpool(dir string, limit int64, log *slog.Logger) (*spool, error) {
	if err := ircbus.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("the spool cannot be made: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	s := &spool{dir: dir, limit: limit, segmentSize: segmentSize, log: log, lock: lock}
	if err := s.load(); err != nil {
		unlockFile(lock)
		return nil, fmt.Errorf("the spool %s cannot be read: %w", dir, err)
	}
	return s, nil
}

// len returns how many events have no answer yet.
func (s *spool) len() int { return s.count }

// unread returns how many of them next has still to return.
func (s *spool) unread() int { return s.count - s.countRead }

// close saves the position and gives the directory free.
func (s *spool) close() error {
	err := s.savePosition()
	if s.out != nil {
		err = errors.Join(err, s.out.Close())
	}
	return errors.Join(err, unlockFile(s.lock))
}

func (s *spool) path(number uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%08d%s", number, segmentSuffix))
}

// load finds the segments, cuts a torn line off the last, and counts.
func (s *spool) load() error {
	if err := ircbus.SyncDir(s.dir); err != nil { // a killed process may have made a segment and not said so
		return err
	}
	if err := s.list(); err != nil {
		return err
	}
	s.done = s.loadPosition()
	if n := len(s.segments); n > 0 && s.done.segment > s.segments[n-1].number {
		s.done = position{} // not ours: segments before the position are deleted, and later ones have higher numbers
	}
	for len(s.segments) > 0 && s.segments[0].number < s.done.segment {
		if err := s.removeFirst(); err != nil {
			return err
		}
	}
	s.read = s.done
	for i := range s.segments {
		if err := s.measure(&s.segments[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *spool) list() error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		name, isSegment := strings.CutSuffix(file.Name(), segmentSuffix)
		number, err := strconv.ParseUint(name, 10, 63)
		if isSegment && err == nil && number <= maxSegment && s.path(number) == filepath.Join(s.dir, file.Name()) {
			s.segments = append(s.segments, segment{number: number})
		}
	}
	slices.SortFunc(s.segments, func(a, b segment) int { return int(int64(a.number - b.number)) })
	return nil
}

// measure finds the end of a segment's last complete line and counts the lines
// that wait. A position that is not between two lines of it counts as its start.
func (s *spool) measure(g *segment) error {
	data, err := os.ReadFile(s.path(g.number))
	if err != nil {
		return err
	}
	g.size = int64(bytes.LastIndexByte(data, '\n') + 1)
	data = data[:g.size]
	if g.number == s.done.segment {
		if at := s.done.offset; at < 0 || at > g.size || at > 0 && data[at-1] != '\n' {
			s.done.offset = 0
		}
		s.read = s.done
		data = data[s.done.offset:]
	}
	s.count += bytes.Count(data, []byte{'\n'})
	s.size += int64(len(data))
	return nil
}

func (s *spool) removeFirst() error {
	err := os.Remove(s.path(s.segments[0].number))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.segments = s.segments[1:]
	return nil
}

// loadPosition returns the zero position if there is none that can be read.
func (s *spool) loadPosition() position {
	text, err := os.ReadFile(filepath.Join(s.dir, "position"))
	if err != nil {
		return position{}
	}
	var p position
	if _, err := fmt.Fscanf(bytes.NewReader(text), "%d %d\n", &p.segment, &p.offset); err != nil || p.segment > maxSegment {
		s.log.Warn("the spool's position cannot be read: all of the spool is sent again, which the bus will notice", "spool", s.dir)
		return position{}
	}
	return p
}

// savePosition replaces the file in one step. A position that is not kept only
// costs some events that are sent once more.
func (s *spool) savePosition() error {
	if s.unsaved == 0 || s.unreliable {
		return nil
	}
	text := fmt.Sprintf("%d %d\n", s.done.segment, s.done.offset)
	if err := ircbus.ReplaceFile(filepath.Join(s.dir, "position"), []byte(text)); err != nil {
		return fmt.Errorf("the spool's position cannot be kept: %w", err)
	}
	s.unsaved = 0
	return nil
}

// fill reads the bytes from s.read to the end of its segment into s.chunk,
// going on to the next segment at an end; io.EOF if there is no more.
func (s *spool) fill() error {
	for _, g := range s.segments {
		if g.number > s.read.segment {
			s.read = position{segment: g.number}
		}
		if g.number < s.read.segment || s.read.offset >= g.size {
			continue
		}
		file, err := os.Open(s.path(g.number))
		if err != nil {
			return err
		}
		defer file.Close()
		s.chunk = make([]byte, g.size-s.read.offset)
		_, err = file.ReadAt(s.chunk, s.read.offset)
		return err
	}
	return io.EOF
}
