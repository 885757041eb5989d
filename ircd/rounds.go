package ircd

import "time"

// rounds is how the members of a stream come to their turns. A member that has
// written everything is parked. When there is more to write, all that are parked
// then form a round, in which the flusher lets each write what there is at that
// moment; who is done parks again and waits for the next round. So the more there
// is to do, the longer a round lasts, and the more lines one write takes.
// Everything is guarded by stream.mu.
type rounds struct {
	parked []*member
	round  []*member // those of the present round; nil where one has had its turn or is gone
	turn   int       // whose is next, in round

	due   bool // there is a round, or one will come
	again bool // and another one after it
	now   roundSoFar
	rest  time.Time // before which no round begins
	timer *time.Timer
	delays
}

// roundSoFar is what a round has taken so far.
type roundSoFar struct {
	begun time.Time
	all   bool  // nobody is delayed
	turns int64 // with something to write
	size  int64 // bytes that there were to write in them
	woken int   // writers
	came  int   // events, which may be for the next round
}

// rest is how long members should wait after it.
func (r *roundSoFar) rest(now time.Time) time.Duration {
	took := max(now.Sub(r.begun), time.Duration(r.woken)*wakeCost)
	if took < minRest || r.came < 2 || r.size >= r.turns*largeWrite {
		return 0
	}
	return min(took, maxRest)
}

// If more than one event has come during a round, members wait after it for as long
// as it took, but not for longer than maxRest, and not at all if it took less than
// minRest: what comes meanwhile, they write together with it. That would save
// nothing where one write is large already.
const (
	minRest    = 250 * time.Microsecond
	maxRest    = 20 * time.Millisecond
	wakeCost   = 20 * time.Microsecond // counts for a writer that was woken, over TLS say
	largeWrite = 16 << 10              // bytes, on average
)

// yield parks the member until the next round, which comes soon if there is
// something to write.
func (st *stream) yield(m *member) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.parkLocked(m)
	if m.pos.Load() < m.until() {
		st.callRound()
	}
	st.forget()
}

func (st *stream) parkLocked(m *member) {
	if !m.parked.Load() && m.index >= 0 {
		m.parked.Store(true)
		m.slot = len(st.parked)
		st.parked = append(st.parked, m)
	}
}

// unpark forgets the turn of a member that is removed.
func (st *stream) unpark(m *member) {
	if !m.parked.Swap(false) {
		return
	}
	if isAt(st.round, m) {
		st.round[m.slot] = nil
		return
	}
	list := &st.parked
	if isAt(st.delayed, m) {
		list = &st.delayed
	}
	last := len(*list) - 1
	moved := (*list)[last]
	(*list)[m.slot], moved.slot = moved, m.slot
	(*list)[last] = nil
	*list = (*list)[:last]
}

func isAt(list []*member, m *member) bool { return m.slot < len(list) && list[m.slot] == m }

// callRound has a round begin as soon as it may, unless nobody is parked.
func (st *stream) callRound() {
	switch {
	case st.due:
		st.again = true
		return
	case len(st.parked) == 0:
		return
	}
	st.due = true
	wait := st.flusher.gather
	if !st.rest.IsZero() {
		wait = max(wait, time.Until(st.rest))
	}
	switch {
	case wait <= 0:
		st.flusher.add(st)
	case st.timer == nil:
		st.timer = time.AfterFunc(wait, st.rested)
	default:
		st.timer.Reset(wait)
	}
}

// rested begins the round that had to wait.
func (st *stream) rested() {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.members) == 0 { // and so the server may have ended
		st.due, st.again = false, false
		return
	}
	st.flusher.add(st)
}

// turns takes the next members of the round that have something to write, as
// many as there is room for. more is false if they are the last.
func (st *stream) turns(ready []*conn) (_ []*conn, more bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.turn == len(st.round) {
		st.round, st.parked, st.turn = st.parked, st.round[:0], 0
		st.now = roundSoFar{begun: time.Now(), all: st.over}
		st.over = false
		st.again = false // what came while this round was waited for is in it
	}
	for st.turn < len(st.round) && len(ready) < cap(ready) {
		m := st.round[st.turn]
		st.round[st.turn] = nil
		st.turn++
		if m == nil {
			continue
		}
		left := m.until() - m.pos.Load()
		if left > 0 && mayDelay(left) && !st.now.all && m.conn.isHasty(st.now.begun) {
			st.delayLocked(m)
			continue
		}
		m.parked.Store(false)
		if left > 0 {
			st.now.turns++
			st.now.size += left
			ready = append(ready, m.conn)
		} else {
			st.parkLocked(m)
		}
	}
	return ready, st.turn < len(st.round)
}

// endTurns is called when members have had their turns. So many of their writers
// had to be woken, which write now.
func (st *stream) endTurns(woken int, more bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.now.woken += woken
	if more {
		return
	}
	now, again := time.Now(), st.again
	if st.due, st.again = false, false; again {
		st.rest = now.Add(st.now.rest(now))
		st.callRound()
	}
	st.forget()
}
