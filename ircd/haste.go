package ircd

import (
	"time"

	"golang.org/x/time/rate"
)

// A connection is hasty while it has used more than a tenth of what it may send at
// once (Limits.Burst). What answers nothing, events among it, it then gets a few
// times a second, or before the next answer: to write each line by itself to a crowd
// that sends all the time would take the processor from who publishes the next event.

// noteHaste notes, after a line, how long the connection will be hasty if it sends
// nothing more.
func (c *conn) noteHaste(now time.Time, l *rate.Limiter) {
	calm := float64(l.Burst() - l.Burst()/10)
	if missing := calm - l.TokensAt(now); missing > 0 {
		c.hasty.Store(now.Add(time.Duration(missing / float64(l.Limit()) * float64(time.Second))).UnixNano())
	}
}

func (c *conn) isHasty(now time.Time) bool { return now.UnixNano() < c.hasty.Load() }

// wakerOf is who writes to the connection what answers nothing.
func (h *hub) wakerOf(c *conn) *waker {
	if c.isHasty(time.Now()) {
		return &h.patient
	}
	return &h.waker
}

// delays are the members of a stream that have something to write, and wait for
// more since their connections are hasty. Guarded by stream.mu.
type delays struct {
	delayed []*member
	from    int64       // where the first bytes are that they have not written
	delay   *time.Timer // nil if there has been no delay yet
	over    bool        // in the next round, nobody is delayed
}

// delayLocked has a member's turn come later.
func (st *stream) delayLocked(m *member) {
	m.slot = len(st.delayed)
	st.delayed = append(st.delayed, m)
	pos := m.pos.Load()
	switch {
	case len(st.delayed) > 1:
		st.from = min(st.from, pos)
		return
	case st.delay == nil:
		st.delay = time.AfterFunc(st.flusher.delay, st.endDelay)
	default:
		st.delay.Reset(st.flusher.delay)
	}
	st.from = pos
}

// mayDelay reports whether so many bytes may wait for more: with many in one write
// already, that would save nothing, and its reader would fall behind.
func mayDelay(size int64) bool { return size < largeWrite }

// endDelay is called when the delay has lasted long enough.
func (st *stream) endDelay() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.delayed) == 0 { // and so the server may have ended
		return
	}
	st.endDelayLocked()
	st.callRound()
}

// endDelayLocked has those that were delayed take part in the next round.
func (st *stream) endDelayLocked() {
	for _, m := range st.delayed {
		m.slot = len(st.parked)
		st.parked = append(st.parked, m)
	}
	clear(st.delayed)
	st.delayed, st.over = st.delayed[:0], true
}
