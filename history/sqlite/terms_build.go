package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// restFactor is how many times as long as it has built the index rests, so that
// it takes no more than a part of one processor.
const restFactor = 2

// run builds what is missing until the store closes.
func (t *terms) run() {
	defer close(t.ended)
	timer := time.NewTimer(t.every)
	defer timer.Stop()
	for failing := false; ; {
		select {
		case <-timer.C:
		case <-t.store.closing:
			return
		}
		began := time.Now()
		worked, err := t.step()
		if err != nil && !failing && t.store.ended(context.Background()) == nil {
			t.store.log.Warn("the index of pages, users and actions cannot be written: searches are slow", "path", t.path, "err", err)
		}
		failing = err != nil
		switch {
		case worked && err == nil:
			timer.Reset(restFactor * time.Since(began))
		case err != nil:
			timer.Reset(max(t.every, time.Second))
		default:
			timer.Reset(t.every)
		}
	}
}

// step builds one segment. It returns false if there is nothing to do.
func (t *terms) step() (worked bool, err error) {
	bounds, err := t.store.Bounds(context.Background())
	if err != nil {
		return false, err
	}
	g, ok := t.missing(int64(bounds.Oldest), int64(bounds.Head))
	t.work.Lock()
	defer t.work.Unlock()
	if err := t.checkpoint(); err != nil || !ok {
		return false, err
	}
	return true, t.build(g, int64(bounds.Oldest))
}

// missing returns the segment that is to be built next, of those that end at or
// before the head: the newest, then those that have gone stale or are there twice.
func (t *terms) missing(oldest, head int64) (segment, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for first := head - head%t.large; first+t.large > oldest && first >= 0; first -= t.large {
		large := segment{t.large, first}
		if _, ok := t.segments[large]; ok {
			continue
		}
		if large.last() <= head {
			return large, true
		}
		for g := (segment{t.small, first}); g.last() <= head; g.first += t.small {
			if _, ok := t.segments[g]; !ok && g.last() >= oldest {
				return g, true
			}
		}
	}
	for g, c := range t.segments {
		if c.stale || g.last() < oldest {
			return g, true
		}
	}
	return segment{}, false
}

// posting is one term of one event.
type posting struct {
	channel int64
	field   int
	value   string
	offset  int64 // of the event's id in the segment
}

// build makes a segment from the events that there are now. The caller holds
// work. Finders rely at every moment on a segment that is whole in the file.
func (t *terms) build(g segment, oldest int64) error {
	if g.last() < oldest {
		t.mu.Lock()
		t.drop(g)
		t.mu.Unlock()
		return t.db.transaction(func() error { return t.remove(g.size, g) })
	}
	all, c, err := t.collect(g)
	if err != nil {
		return err
	}
	err = t.db.transaction(func() error {
		if err := t.remove(g.size, g); err != nil {
			return err
		}
		if _, err := t.db.exec("INSERT INTO segments SELECT ?, ?, ?, 0", g.size, g.first, c.tombstones); err != nil {
			return err
		}
		return t.insert(g, all)
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.drop(g)
	t.segments[g] = c
	t.mu.Unlock()
	if g.size == t.small {
		return nil
	}
	return t.db.transaction(func() error { return t.remove(t.small, g) })
}

// drop takes g, and the smaller segments in it, from those that finders may rely
// on. The caller holds mu.
func (t *terms) drop(g segment) {
	for other := range t.segments {
		if g.first <= other.first && other.last() <= g.last() {
			delete(t.segments, other)
		}
	}
}

// remove deletes the segments of a size that are in g.
func (t *terms) remove(size int64, g segment) error {
	for _, table := range [...]string{"terms", "segments"} {
		if _, err := t.db.exec("DELETE FROM "+table+" WHERE size = ? AND first BETWEEN ? AND ?", size, g.first, g.last()); err != nil {
			return err
		}
	}
	return nil
}

// collect returns the terms of a segment's events, in their order.
func (t *terms) collect(g segment) (all []posting, c covered, err error) {
	r := newRows(true)
	defer r.release()
	p := &plan{first: ircbus.ID(g.first), last: ircbus.ID(g.last())}
	for !p.done() {
		err := t.store.snapshot(context.Background(), func(tx *sql.Tx) error {
			events, err := t.store.readPage(tx, p, r)
			for i := range events {
				if _, ok := events[i].Redacts(); ok {
					c.tombstones = true
				}
				channel := t.store.channels.number(events[i].Channel)
				eachTerm(events[i].Fields, func(field int, value string) {
					all = append(all, posting{channel, field, strings.Clone(value), int64(events[i].ID) - g.first})
				})
			}
			return err
		})
		if err == nil {
			err = t.store.ended(context.Background())
		}
		if err != nil {
			return nil, c, err
		}
	}
	slices.SortFunc(all, func(a, b posting) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.field, b.field), strings.Compare(a.value, b.value), cmp.Compare(a.offset, b.offset))
	})
	return all, c, nil
}

// insert writes sorted terms into an empty segment.
func (t *terms) insert(g segment, all []posting) error {
	var ids []byte
	for i, p := range all {
		if len(ids) > 0 {
			ids = append(ids, ',')
		}
		ids = strconv.AppendInt(ids, p.offset, 10)
		if i+1 < len(all) {
			if next := all[i+1]; next.channel == p.channel && next.field == p.field && next.value == p.value {
				continue
			}
		}
		if _, err := t.db.exec("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?)", g.size, g.first, p.channel, int64(p.field), p.value, string(ids)); err != nil {
			return err
		}
		ids = ids[:0]
	}
	return nil
}

// expire notes that retention has removed events with these ids: their terms go
// when their segments are built anew.
func (t *terms) expire(ids []int64) error {
	if err := t.store.begin(); err != nil {
		return err
	}
	defer t.store.readers.Done()
	t.work.Lock()
	defer t.work.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		g, ok := t.at(id)
		c := t.segments[g]
		if !ok || c.stale {
			continue
		}
		if _, err := t.db.exec("UPDATE segments SET stale = 1 WHERE size = ? AND first = ?", g.size, g.first); err != nil {
			return err
		}
		c.stale = true
		t.segments[g] = c
	}
	return nil
}

// forget takes out what is no longer in a redacted event, and overwrites it in
// the file.
func (t *terms) forget(target, tombstone ircbus.ID) error {
	if err := t.store.begin(); err != nil {
		return err
	}
	defer t.store.readers.Done()
	t.work.Lock()
	defer t.work.Unlock()
	left, err := t.store.page(context.Background(), &plan{first: target, last: target})
	if err != nil {
		return err
	}
	err = t.db.transaction(func() error {
		for _, size := range [...]int64{t.small, t.large} {
			id := int64(target)
			if err := t.replace(segment{size, id - id%size}, id%size, left); err != nil {
				return err
			}
		}
		_, err := t.db.exec("UPDATE state SET redacted = ?", int64(tombstone))
		return err
	})
	if err != nil {
		return err
	}
	t.clean = false
	return t.checkpoint()
}

// replace makes the terms of one event of a segment those of the event that is
// left, if there is one.
func (t *terms) replace(g segment, offset int64, left []ircbus.Event) error {
	var there int64
	if err := t.db.row("SELECT count(*) FROM segments WHERE size = ? AND first = ?", []any{g.size, g.first}, &there); err != nil || there == 0 {
		return err
	}
	id := "," + strconv.FormatInt(offset, 10) + ","
	_, err := t.db.exec("UPDATE terms SET ids = trim(replace(',' || ids || ',', ?, ','), ',') WHERE size = ? AND first = ? AND instr(',' || ids || ',', ?)", id, g.size, g.first, id)
	if err == nil {
		_, err = t.db.exec("DELETE FROM terms WHERE size = ? AND first = ? AND ids = ''", g.size, g.first)
	}
	for i := range left {
		channel := t.store.channels.number(left[i].Channel)
		eachTerm(left[i].Fields, func(field int, value string) {
			if err == nil {
				_, err = t.db.exec("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET ids = ids || ',' || excluded.ids",
					g.size, g.first, channel, int64(field), value, strconv.FormatInt(offset, 10))
			}
		})
	}
	return err
}

// checkpoint empties the write-ahead log after something was forgotten, at once
// or, while finders are at work in it, later. The caller holds work.
func (t *terms) checkpoint() error {
	if t.clean {
		return nil
	}
	busy, _, _, err := t.db.checkpoint("TRUNCATE")
	t.clean = err == nil && !busy
	return err
}
