package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Redact implements history.Log. The writer's connection overwrites what it
// deletes (secure_delete); what stands in the write-ahead log goes with the next
// checkpoint, which is made at once unless a read is under way, else as soon
// as none is.
func (s *Store) Redact(ctx context.Context, r ircbus.Redaction) (tombstone ircbus.Event, err error) {
	if err := r.Check(); err != nil {
		return ircbus.Event{}, err
	}
	s.redacting.Lock() // the index notes the newest tombstone
	defer s.redacting.Unlock()
	var left *ircbus.Event
	err = s.onWriter(ctx, func(w *writer) error {
		left, tombstone, err = w.redact(r)
		return err
	})
	// It is done: from here on nothing may fail, nor wait for those who read.
	if err == nil && s.terms != nil {
		if err := s.terms.forget(r.Target, left, tombstone.ID); err != nil {
			s.log.Warn("what was redacted stays in the index until the next start", "path", s.terms.path, "err", err)
		}
	}
	return tombstone, err
}

// redact carries out a redaction and hands it on to the tails. It returns what is
// left of the event, nil if nothing is, and what tells of it.
func (w *writer) redact(r ircbus.Redaction) (rest *ircbus.Event, tombstone ircbus.Event, err error) {
	target, left, err := w.target(&r)
	if err != nil {
		return nil, ircbus.Event{}, err
	}
	var p pending
	if err := p.prepare(&ircbus.Event{Channel: target.Channel, Publisher: target.Publisher, Fields: r.Tombstone()}); err != nil {
		return nil, ircbus.Event{}, err
	}
	began := time.Now()
	if err := w.give(func() error { return w.replace(r.Target, left, &p) }); err != nil {
		if !poisoned(err) {
			w.failed(err)
		}
		return nil, ircbus.Event{}, refusal(err)
	}
	w.failed(nil)
	w.store.live.redact(r.Target, r.Names, p.event)
	w.store.stats.committed(1, 1, time.Since(began))
	if len(left) == 0 {
		w.store.tally.forget()
	}
	w.stale = true
	w.clean()
	if len(left) > 0 {
		rest = &ircbus.Event{Channel: target.Channel, Fields: left}
	}
	return rest, p.event, nil
}

// target finds the event to be redacted and what will be left of it, and checks
// that it may be. If nothing is left, r becomes the removal of the whole event.
func (w *writer) target(r *ircbus.Redaction) (target ircbus.Event, left ircbus.Fields, err error) {
	var channel, publisher int64
	var body string
	err = w.db.row("SELECT channel, publisher, body FROM events WHERE id = ?", []any{clampID(r.Target)}, &channel, &publisher, &body)
	if errors.Is(err, errNoRow) {
		return target, nil, w.missing(r.Target)
	}
	if err != nil {
		return target, nil, err
	}
	target = ircbus.Event{Channel: w.store.channels.text(channel), Publisher: w.store.publishers.text(publisher)}
	switch {
	case r.Channel != "" && ircbus.Fold(r.Channel) != ircbus.Fold(target.Channel):
		return target, nil, history.ErrNotFound
	case !r.Operator && ircbus.Fold(r.By) != ircbus.Fold(target.Publisher):
		return target, nil, ircbus.Refuse(ircbus.NotPublisher, "the event %d is %s's, and only its publisher or an operator may redact it", r.Target, target.Publisher)
	}
	if target.Fields, err = ircbus.Parse(body); err != nil {
		return target, nil, err
	}
	for _, name := range r.Names {
		if !target.Fields.Has(name) {
			return target, nil, ircbus.Refuse(ircbus.InvalidEvent, "the event %d has no field %q", r.Target, name)
		}
	}
	if _, ok := target.Redacts(); ok && (len(r.Names) == 0 || slices.ContainsFunc(r.Names, func(name string) bool { return name != "reason" && name != "user" })) {
		return target, nil, ircbus.Refuse(ircbus.InvalidEvent, "the event %d tells of a redaction: only its reason and user can be removed", r.Target)
	}
	if left = target.Fields.Without(r.Names...); len(left) == 0 {
		r.Names = nil
	}
	return target, left, nil
}

// replace is redact's transaction: nobody sees the tombstone without the
// removal.
func (w *writer) replace(target ircbus.ID, left ircbus.Fields, tombstone *pending) error {
	// Its key, had it one, would be in the target already.
	if _, err := w.insertEvent(tombstone, time.UnixMicro(w.at).UTC(), ircbus.FormatTime(time.UnixMicro(w.at))); err != nil {
		return err
	}
	var err error
	if len(left) > 0 {
		_, err = w.db.exec("UPDATE events SET body = ? WHERE id = ?", left.Encode(), int64(target))
	} else {
		_, err = w.db.exec("DELETE FROM events WHERE id = ?", int64(target))
		if err == nil {
			_, err = w.db.exec("INSERT INTO redactions VALUES (?, ?)", int64(target), int64(w.head))
		}
	}
	if err != nil {
		return err
	}
	_, err = w.db.exec("UPDATE log SET head = ?, at = ?, redacted = ?", int64(w.head), w.at, int64(w.head))
	return err
}

// missing says why there is no event with this id.
func (w *writer) missing(id ircbus.ID) error {
	var tombstone int64
	err := w.db.row("SELECT tombstone FROM redactions WHERE id = ?", []any{clampID(id)}, &tombstone)
	switch {
	case errors.Is(err, errNoRow):
		return history.ErrNotFound
	case err != nil:
		return err
	}
	return &history.Redacted{ID: id, Tombstone: ircbus.ID(tombstone)}
}

// redacted is missing for readers.
func (s *Store) redacted(ctx context.Context, id ircbus.ID) error {
	var tombstone int64
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow("SELECT tombstone FROM redactions WHERE id = ?", clampID(id)).Scan(&tombstone)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return history.ErrNotFound
	case err != nil:
		return err
	}
	return &history.Redacted{ID: id, Tombstone: ircbus.ID(tombstone)}
}

// Retract implements history.Chat.
func (s *Store) Retract(ctx context.Context, msgid string) (removed int, err error) {
	if err := s.flushChat(ctx, s.Last()); err != nil {
		return 0, err
	}
	if removed, err = s.removeChat(ctx, "msgid = ?", msgid); removed == 0 {
		return 0, err
	}
	return removed, errors.Join(err, s.onWriter(ctx, func(w *writer) error {
		w.stale = true
		w.clean()
		return nil
	}))
}

// clean empties the write-ahead log after a redaction. Readers that are at work
// in it, and the checkpointer, keep that from happening; then it is tried again
// at every tick. It is waited for only so long, for publishers wait meanwhile.
func (w *writer) clean() {
	if !w.stale {
		return
	}
	busy := false
	err := w.db.run("PRAGMA busy_timeout = 50")
	if err == nil {
		busy, _, _, err = w.db.checkpoint("TRUNCATE")
	}
	err = errors.Join(err, w.db.run("PRAGMA busy_timeout = 10000"))
	if err != nil {
		w.store.log.Warn("what was redacted may still be in the write-ahead log", "path", w.path, "err", err)
	}
	w.stale = err != nil || busy
}
