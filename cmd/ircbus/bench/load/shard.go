package load

import (
	"bytes"
	"sync/atomic"
	"time"
)

// shard is a part of a crowd whose members one goroutine serves at a time: its
// thread, or whoever holds its lock.
type shard struct {
	crowd   *Crowd
	members []*member
	counts  []bool // by member: joined, and not stalled or gone
	check   *Check
	latency Histogram
	joins   Histogram     // see Crowd.Joining
	opened  time.Duration // when the members began to connect
	mask    uint32        // lines whose number has none of these bits count for latency
	begun   int           // members that have begun to connect
	joining int           // of them, those that have not joined yet
	closing bool          // nobody may connect any more
	noteIDs bool          // the ids of events are of interest
	gated   bool          // a gate wants to know how far the slowest is
	scanned time.Duration // when progress last looked

	poll *poll  // Linux; nil if each member has a goroutine
	lock locker // otherwise

	// read by others
	lines, bytes, slowest atomic.Uint64
	busy                  atomic.Int64 // nanoseconds of processor time of the thread
}

func newShard(c *Crowd, views []int) *shard {
	return &shard{
		crowd: c, counts: make([]bool, len(views)), check: NewCheck(c.Plan, views),
		mask: max(c.Sample, 1) - 1, noteIDs: c.Reconnect,
	}
}

// connectAll begins to connect as many members as may be joining at one time.
func (s *shard) connectAll() {
	width := max(s.crowd.Width/len(s.crowd.shards), 1)
	for s.begun < len(s.members) && s.joining < width {
		m := s.members[s.begun]
		s.begun++
		s.joining++
		s.connect(m)
	}
}

// joined takes note of a member that is in all its channels.
func (s *shard) joined(m *member) {
	s.counts[m.local] = true
	s.joins.Record(s.crowd.Since() - s.opened)
	s.joining--
	s.crowd.ready.Add(1)
	s.connectAll()
	s.crowd.change()
}

// ended takes note of the end of a connection.
func (s *shard) ended(m *member, err error) {
	was := m.state
	m.state = closed
	if s.counts[m.local] {
		s.counts[m.local] = false
		s.crowd.ready.Add(-1)
	} else if !m.slow {
		s.joining--
	}
	switch {
	case s.closing:
	case m.slow:
		s.crowd.gone.Add(1)
	case was == connecting && m.tries < maxTries, s.crowd.Reconnect:
		s.retry(m)
	default:
		s.crowd.gone.Add(1)
		s.crowd.fail(m.left(err))
	}
	s.crowd.change()
}

// A server whose queue of connections is full resets some: they come back.
const (
	maxTries   = 100
	retryAfter = 20 * time.Millisecond
)

// retry connects once more, a moment later.
func (s *shard) retry(m *member) {
	m.tries++
	m.rest = m.rest[:0]
	s.crowd.retries.Add(1)
	s.joining++
	time.AfterFunc(retryAfter, func() {
		s.do(func() {
			if !s.closing {
				s.connect(m)
			}
		})
	})
}

// take takes what a member has received at a time and returns the beginning of
// a line that is not complete.
func (s *shard) take(m *member, b []byte, now time.Duration) (rest []byte) {
	lines := uint64(0)
	for {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			break
		}
		line := b[:end]
		b = b[end+1:]
		if end > 0 && line[end-1] == '\r' {
			line = line[:end-1]
		}
		stamp, ok := s.crowd.Mark.Read(line)
		if !ok {
			m.control(line)
			continue
		}
		lines++
		if m.past != nil {
			m.past.take(m, line, stamp)
			continue
		}
		s.check.See(m.local, stamp)
		if stamp.Seq&s.mask == 0 && !m.slow {
			s.latency.Record(now - stamp.At)
		}
		if stamp.Seq == 0 {
			s.crowd.measure(line)
		}
		if s.noteIDs || m.slow {
			m.noteID(line)
		}
	}
	if lines > 0 {
		s.lines.Add(lines)
	}
	return b
}

// measure takes note of how much the server has put around the text of a line:
// everything up to the text, and CR LF.
func (c *Crowd) measure(line []byte) {
	if len(line) > 0 && line[0] == '@' {
		_, line, _ = bytes.Cut(line, []byte(" "))
	}
	c.overhead.Store(int64(len(line) + 2))
}

// scanEvery is how often the slowest member is looked for at most.
const scanEvery = 100 * time.Microsecond

// progress tells a gate, if there is one, how far the slowest member is. It is
// called when something has come, and again a little later: by the shard's thread,
// or by who waits at the gate.
func (s *shard) progress(now time.Duration) {
	if s.gated && now-s.scanned >= scanEvery {
		s.scanned = now
		s.slowest.Store(uint64(s.check.slowest(s.counts)))
	}
}
