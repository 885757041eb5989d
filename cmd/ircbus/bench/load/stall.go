package load

import (
	"errors"
	"fmt"
)

// Stall makes the first n members stop reading. From then on they count neither
// for the latency nor for what is lacking, and their connections may end.
func (c *Crowd) Stall(n int) error {
	possible := true
	c.each(func(s *shard) {
		for _, m := range s.members {
			if m.number < n && m.state == present {
				possible = s.stall(m, true) && possible
				m.slow = true
				s.counts[m.local] = false
				c.ready.Add(-1)
			}
		}
	})
	if !possible {
		return errors.New("members can be stalled on Linux alone, and not over TLS")
	}
	return nil
}

// Resume lets those who were stalled read again.
func (c *Crowd) Resume() {
	c.each(func(s *shard) {
		for _, m := range s.members {
			if m.slow && m.state == present {
				s.stall(m, false)
			}
		}
	})
}

// Cut says how those who were stalled have fared: how many were cut off and were
// told where to resume, with everything up to there received; how many were cut
// off without; and how many are still there with nothing missing when each
// publisher has sent the given number of lines.
func (c *Crowd) Cut(sent []uint32) (told, untold, kept int) {
	c.each(func(s *shard) {
		for _, m := range s.members {
			var resume uint64
			_, err := fmt.Sscanf(m.last, "ERROR :Too slow: resume after id %d", &resume)
			switch {
			case !m.slow:
			case err == nil && resume > 0 && resume <= m.event:
				told++
			case m.state == closed:
				untold++
			case s.check.Lacking(m.local, sent) == 0:
				kept++
			}
		}
	})
	return told, untold, kept
}
