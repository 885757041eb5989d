package sqlite

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
)

// The index is built for workAtOnce at a time, and rests restFactor times as long: so
// it takes a part of one processor, and nobody else waits for it for long.
const (
	workAtOnce = 2 * time.Millisecond
	restFactor = 2
)

// run builds what is missing until the store closes.
func (t *terms) run() {
	defer close(t.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for failing := false; ; {
		select {
		case <-timer.C:
		case <-t.store.closing:
			return
		}
		worked, err := t.step()
		if err != nil && !failing && t.store.ended(context.Background()) == nil {
			t.store.log.Warn("the index of pages, users and actions cannot be written: searches are slow", "path", t.path, "err", err)
		}
		failing = err != nil
		switch {
		case worked && err == nil:
			timer.Reset(0)
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
	lag := int64(0)
	if ok {
		lag = t.unbuilt(int64(bounds.Oldest), int64(bounds.Head))
	}
	t.lag.Store(lag)
	t.work.Lock()
	defer t.work.Unlock()
	if err := errors.Join(t.saveExpired(), t.checkpoint()); err != nil || !ok {
		t.began = time.Time{}
		return false, err
	}
	if t.began.IsZero() {
		t.began = time.Now()
	}
	if err = t.build(g, int64(bounds.Oldest)); err != nil {
		t.began = time.Time{}
	}
	return true, err
}

// rest is called often while the index is built, by who holds work. It does not
// rest while somebody else wants to work. It fails once the store closes.
func (t *terms) rest() error {
	took := time.Since(t.began)
	if took < workAtOnce {
		return nil
	}
	if t.hurry.Load() == 0 {
		select {
		case <-time.After(restFactor * took):
		case <-t.store.closing:
		}
	}
	t.began = time.Now()
	return t.store.ended(context.Background())
}

// interrupt takes work for something that is not to wait for the rests of who
// builds.
func (t *terms) interrupt() {
	t.hurry.Add(1)
	defer t.hurry.Add(-1)
	t.work.Lock()
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
		// Half of it has gone: that makes each segment anew at most once or twice
		// on retention's way through it.
		if 2*c.stale >= g.size || g.last() < oldest {
			return g, true
		}
	}
	return segment{}, false
}

// unbuilt counts the ids in segments that are still to be built.
func (t *terms) unbuilt(oldest, head int64) (n int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for first := oldest - oldest%t.large; first+t.small-1 <= head; first += t.large {
		if _, ok := t.segments[segment{t.large, first}]; ok {
			continue
		}
		for g := (segment{t.small, first}); g.last() <= min(head, first+t.large-1); g.first += t.small {
			if _, ok := t.segments[g]; !ok && g.last() >= oldest {
				n += g.size
			}
		}
	}
	return n
}

// build makes a segment from the events that there are now. The caller holds
// work. Finders rely at every moment on a segment that is whole in the file.
func (t *terms) build(g segment, oldest int64) error {
	if g.last() < oldest {
		t.mu.Lock()
		t.drop(g)
		t.mu.Unlock()
		return errors.Join(t.db.transaction(func() error { return t.remove(g.size, g) }), t.rest())
	}
	collected, c, err := t.collect(g)
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
		return t.insert(g, collected)
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
	return t.db.transaction(func() error {
		for part := (segment{t.small, g.first}); part.last() <= g.last(); part.first += t.small {
			if err := t.remove(t.small, part); err != nil {
				return err
			}
		}
		return nil
	})
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

// removeAtOnce is how many terms one statement removes: a statement is not
// interrupted, and a large segment has a hundred thousand.
const removeAtOnce = 500

// remove deletes the segments of a size that are in g, and rests meanwhile.
func (t *terms) remove(size int64, g segment) error {
	const which = " FROM terms WHERE size = ?1 AND first BETWEEN ?2 AND ?3 ORDER BY size, first, channel, field, value LIMIT ?4)"
	for removed := int64(removeAtOnce); removed == removeAtOnce; {
		if _, err := t.db.exec("DELETE FROM lists WHERE id IN (SELECT list"+which, size, g.first, g.last(), int64(removeAtOnce)); err != nil {
			return err
		}
		var err error
		removed, err = t.db.exec("DELETE FROM terms WHERE (size, first, channel, field, value) IN (SELECT size, first, channel, field, value"+which,
			size, g.first, g.last(), int64(removeAtOnce))
		if err == nil {
			err = t.rest()
		}
		if err != nil {
			return err
		}
	}
	_, err := t.db.exec("DELETE FROM segments WHERE size = ? AND first BETWEEN ? AND ?", size, g.first, g.last())
	return err
}

// insert writes what was collected into an empty segment.
func (t *terms) insert(g segment, all collected) error {
	var ids []byte
	for len(all) > 0 {
		p := all.next()
		ids = strconv.AppendInt(ids, p.offset, 10)
		if len(all) > 0 && all[0][0].compareTerm(p) == 0 {
			ids = append(ids, ',')
			continue
		}
		if err := t.insertTerm(g, p, string(ids)); err != nil {
			return err
		}
		if err := t.rest(); err != nil {
			return err
		}
		ids = ids[:0]
	}
	return nil
}

// longestIDs is how many bytes of ids are kept with their term, so that it stays
// on one page.
const longestIDs = 500

func (t *terms) insertTerm(g segment, p posting, ids string) (err error) {
	if len(ids) <= longestIDs {
		_, err = t.db.exec("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?, NULL)", g.size, g.first, p.channel, int64(p.field), p.value, ids)
		return err
	}
	if _, err = t.db.exec("INSERT INTO lists (ids) VALUES (?)", ids); err == nil {
		_, err = t.db.exec("INSERT INTO terms VALUES (?, ?, ?, ?, ?, '', last_insert_rowid())", g.size, g.first, p.channel, int64(p.field), p.value)
	}
	return err
}

// expire notes how many events retention has removed from each small segment. It
// does not wait for the builder, who writes that into the file.
func (t *terms) expire(removed map[int64]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, n := range removed {
		if g, ok := t.at(id); ok {
			c := t.segments[g]
			c.stale, c.unsaved = c.stale+int64(n), true
			t.segments[g] = c
		}
	}
}

// saveExpired writes what expire has noted. The caller holds work.
func (t *terms) saveExpired() error {
	t.mu.Lock()
	unsaved := map[segment]int64{}
	for g, c := range t.segments {
		if c.unsaved {
			unsaved[g] = c.stale
			c.unsaved = false
			t.segments[g] = c
		}
	}
	t.mu.Unlock()
	if len(unsaved) == 0 {
		return nil
	}
	return t.db.transaction(func() error {
		for g, stale := range unsaved {
			if _, err := t.db.exec("UPDATE segments SET stale = ? WHERE size = ? AND first = ?", stale, g.size, g.first); err != nil {
				return err
			}
		}
		return nil
	})
}

// forget takes out what is no longer in a redacted event, and overwrites it in
// the file.
func (t *terms) forget(target ircbus.ID, left *ircbus.Event, tombstone ircbus.ID) error {
	if err := t.store.begin(); err != nil {
		return err
	}
	defer t.store.readers.Done()
	t.interrupt()
	defer t.work.Unlock()
	err := t.db.transaction(func() error {
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
func (t *terms) replace(g segment, offset int64, left *ircbus.Event) error {
	var there int64
	if err := t.db.row("SELECT count(*) FROM segments WHERE size = ? AND first = ?", []any{g.size, g.first}, &there); err != nil || there == 0 {
		return err
	}
	id := "," + strconv.FormatInt(offset, 10) + ","
	const without = " SET ids = trim(replace(',' || ids || ',', ?, ','), ',') WHERE instr(',' || ids || ',', ?)"
	_, err := t.db.exec("UPDATE terms"+without+" AND size = ? AND first = ?", id, id, g.size, g.first)
	if err == nil {
		_, err = t.db.exec("UPDATE lists"+without+" AND id IN (SELECT list FROM terms WHERE size = ? AND first = ?)", id, id, g.size, g.first)
	}
	if err == nil {
		_, err = t.db.exec("DELETE FROM terms WHERE size = ? AND first = ? AND ids = '' AND (list IS NULL OR list IN (SELECT id FROM lists WHERE ids = ''))", g.size, g.first)
	}
	if left != nil {
		channel := t.store.channels.number(left.Channel)
		eachTerm(left.Fields, func(field int, value string) {
			if err == nil {
				_, err = t.db.exec("INSERT INTO terms VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO UPDATE SET ids = trim(ids || ',' || excluded.ids, ',')",
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
