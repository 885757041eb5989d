package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// An entry is an event of the log: its id and the mark by which we know it.
type entry struct {
	id   uint64
	mark string
}

// ledger is what publishers and readers of one log were told, and so what must be
// in it.
type ledger struct {
	mu      sync.Mutex
	acked   map[string]uint64 // by mark; 0 if the door tells no id
	seen    map[uint64]string // by id, what readers got
	batches map[string]int    // how many events a batch has, which are stored together
	wrong   []string
	log     []entry // as it was read last
	drop    bool    // the control: forget one of the events that were read
	lost    bool    // something that was acknowledged
}

func newLedger() *ledger {
	return &ledger{acked: make(map[string]uint64), seen: make(map[uint64]string), batches: make(map[string]int)}
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faultLocked(format, args...)
}

func (l *ledger) faultLocked(format string, args ...any) {
	if len(l.wrong) < 20 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// acknowledge notes that a publisher was told that its event is stored.
func (l *ledger) acknowledge(mark string, id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.acked[mark]; before != 0 && id != 0 && before != id {
		l.faultLocked("%s was acknowledged as %d and as %d", mark, before, id)
	}
	l.acked[mark] = max(id, l.acked[mark])
}

// read notes that a reader got an event.
func (l *ledger) read(who string, id uint64, mark string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, ok := l.seen[id]; ok && before != mark {
		l.faultLocked("%s got %d as %s, which was %s", who, id, mark, before)
	}
	l.seen[id] = mark
}

// batch notes that so many events are published together; batchOf finds it.
func (l *ledger) batch(first string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches[first] = n
}

// acknowledged counts.
func (l *ledger) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// expectations is what must be in a log that is read from now on.
func (l *ledger) expectations() (acked map[string]uint64, seen map[uint64]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.acked), maps.Clone(l.seen)
}

// check holds the log against what was told before it was read.
func (l *ledger) check(log []entry, acked map[string]uint64, seen map[uint64]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drop {
		log = l.without(log, acked)
	}
	ids, marks := make(map[string]uint64, len(log)), make(map[uint64]string, len(log))
	last := uint64(0)
	for _, e := range log {
		if e.id <= last {
			l.faultLocked("%d comes after %d in the log", e.id, last)
		}
		last = e.id
		if before, ok := ids[e.mark]; ok && e.mark != "" {
			l.faultLocked("%s is there twice, as %d and as %d", e.mark, before, e.id)
		}
		ids[e.mark], marks[e.id] = e.id, e.mark
	}
	if len(log) < len(l.log) || !slices.Equal(l.log, log[:len(l.log)]) {
		l.faultLocked("the %d events that were there before are not the first of the %d that are there now", len(l.log), len(log))
	}
	l.log = log
	for mark, id := range acked {
		if found, ok := ids[mark]; !ok {
			l.lost = true
			l.faultLocked("%s was acknowledged as %d and is lost", mark, id)
		} else if id != 0 && id != found {
			l.faultLocked("%s was acknowledged as %d and is %d", mark, id, found)
		}
	}
	for id, mark := range seen {
		if marks[id] != mark {
			l.faultLocked("a reader got %d as %s, but it is %q", id, mark, marks[id])
		}
	}
	l.checkBatches(ids)
}

// without is the log without one event that was acknowledged.
func (l *ledger) without(log []entry, acked map[string]uint64) []entry {
	i := slices.IndexFunc(log, func(e entry) bool { _, ok := acked[e.mark]; return ok })
	if i < 0 {
		return log
	}
	return slices.Delete(slices.Clone(log), i, i+1)
}

func (l *ledger) checkBatches(ids map[string]uint64) {
	for first, n := range l.batches {
		there := 0
		for i := range n {
			if _, ok := ids[member(first, i)]; ok {
				there++
			}
		}
		if there != 0 && there != n {
			l.faultLocked("of the batch %s %d events of %d are there", first, there, n)
		}
	}
}

// member is the mark of a batch's event.
func member(batch string, i int) string { return fmt.Sprintf("%sb%d", batch, i) }

// complaints are what is wrong so far.
func (l *ledger) complaints() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.wrong, "\n")
}
