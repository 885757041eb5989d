package bench

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// sender sends the lines of one publisher. One goroutine uses it at a time.
type sender struct {
	publisher *load.Publisher
	text      load.Text
	crowd     *load.Crowd
	left      int           // lines to send, below 0 without end
	seq       atomic.Uint32 // the number of the next line
	buf       []byte
	late      load.Histogram // how late lines were, that have a pace
}

func newSender(p *load.Publisher, text load.Text, crowd *load.Crowd) *sender {
	return &sender{publisher: p, text: text, crowd: crowd}
}

// length is how many bytes the text of a line has, the stamp included.
func (s *sender) length() int { return len(s.text.AppendText(nil, 0, 0)) }

// write sends the next n lines at once.
func (s *sender) write(n int) error {
	s.buf = s.buf[:0]
	seq := s.seq.Load()
	for range n {
		s.buf = s.text.Append(s.buf, seq, s.crowd.Since())
		seq++
	}
	s.seq.Store(seq)
	return s.publisher.Write(s.buf)
}

// together is how many lines are sent at once at most.
const together = 64

// race sends as fast as the gate lets it, until ctx or its lines end.
func (s *sender) race(ctx context.Context, gate *load.Gate) error {
	for s.left != 0 {
		n := together
		if s.left > 0 {
			n = min(n, s.left)
		}
		if n = gate.Pass(ctx, n); n == 0 {
			return s.publisher.Err()
		}
		if s.left > 0 {
			s.left -= n
		}
		if err := s.write(n); err != nil {
			return err
		}
		if err := s.publisher.Err(); err != nil {
			return err
		}
	}
	return nil
}

// pace sends a line at a time, so many a second, the first after a part of the
// time between two.
func (s *sender) pace(ctx context.Context, rate, offset float64) error {
	between := time.Duration(float64(time.Second) / rate)
	due := time.Now().Add(time.Duration(offset * float64(between)))
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	for ; s.left != 0; s.left-- {
		select {
		case <-ctx.Done():
			return s.publisher.Err()
		case <-timer.C:
		}
		s.late.Record(time.Since(due))
		if err := s.write(1); err != nil {
			return err
		}
		due = due.Add(between)
		timer.Reset(time.Until(due))
	}
	return nil
}
