package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// retainStep is how many events one transaction of Retain removes, so that
// publishing waits no longer than for one of its own commits.
const retainStep = 500

// Retain removes what the rules do not keep and returns how many events that
// was. A channel's own rules replace those for all channels; of several, the
// strictest counts. Keys stay known. The file does not shrink: what becomes free
// in it is used again.
func (s *Store) Retain(ctx context.Context, rules []Retention) (removed int, err error) {
	for _, channel := range s.channels.groups() {
		for _, rule := range rulesFor(channel, rules) {
			n, err := s.retain(ctx, channel, rule)
			removed += n
			if err != nil {
				return removed, err
			}
		}
	}
	return removed, s.ended(ctx)
}

// rulesFor returns the rules that a channel has itself, or those for all.
func rulesFor(channel string, rules []Retention) (own []Retention) {
	for _, name := range []string{channel, ""} {
		for _, r := range rules {
			if ircbus.Fold(r.Channel) == name {
				own = append(own, r)
			}
		}
		if len(own) > 0 {
			break
		}
	}
	return own
}

// groups returns the folded names.
func (n *names) groups() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	groups := map[string]bool{}
	for _, known := range n.byID {
		groups[known.folded] = true
	}
	return slices.Sorted(maps.Keys(groups))
}

// retain applies one rule to the spellings of one channel, a step at a time.
func (s *Store) retain(ctx context.Context, channel string, rule Retention) (removed int, err error) {
	spellings := s.channels.folded(channel)
	cut, err := s.cut(ctx, spellings, rule)
	if err != nil {
		return 0, err
	}
	for _, id := range spellings {
		for {
			n, err := s.removeSome(ctx, id, cut)
			removed += n
			if err != nil {
				return removed, err
			}
			if n < retainStep {
				break
			}
		}
	}
	return removed, nil
}

// cut returns the newest id that a rule does not keep, 0 if there is none.
func (s *Store) cut(ctx context.Context, spellings []int64, rule Retention) (cut int64, err error) {
	if err := s.ended(ctx); err != nil {
		return 0, err
	}
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		if rule.MaxAge > 0 {
			p := new(plan)
			if err := p.bound(tx, history.Query{To: s.now().Add(-rule.MaxAge)}); err != nil {
				return err
			}
			cut = int64(p.last)
		}
		if rule.MaxCount <= 0 {
			return nil
		}
		query := "SELECT id FROM events WHERE channel IN (?" + strings.Repeat(", ?", len(spellings)-1) + ") ORDER BY id DESC LIMIT 1 OFFSET ?"
		args := make([]any, 0, len(spellings)+1)
		for _, id := range spellings {
			args = append(args, id)
		}
		var beyond int64
		err := tx.QueryRow(query, append(args, rule.MaxCount)...).Scan(&beyond)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		cut = max(cut, beyond)
		return nil
	})
	return cut, err
}

// removeSome removes one step's events of a channel, the oldest first.
func (s *Store) removeSome(ctx context.Context, channel, cut int64) (removed int, err error) {
	var touched []int64 // an id in each segment of the index
	err = s.onWriter(ctx, func(w *writer) error {
		var last, at int64
		err := w.transaction(func() error {
			err := w.db.row(`SELECT id, at FROM events WHERE id = (SELECT max(id) FROM
				(SELECT id FROM events WHERE channel = ? AND id <= ? ORDER BY id LIMIT ?))`, []any{channel, cut, int64(retainStep)}, &last, &at)
			if errors.Is(err, errNoRow) {
				return nil
			} else if err != nil {
				return err
			}
			if touched, err = w.segments(channel, last); err != nil {
				return err
			}
			n, err := w.db.exec("DELETE FROM events WHERE channel = ? AND id <= ?", channel, last)
			if err != nil {
				return err
			}
			removed = int(n)
			_, err = w.db.exec("UPDATE channels SET removed = ?, removed_at = ? WHERE id = ?", last, at, channel)
			return err
		})
		if err == nil && removed > 0 {
			s.live.remove(s.channels.text(channel), ircbus.ID(last))
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	if s.terms != nil {
		err = s.terms.expire(touched)
	}
	return removed, err
}

// segments returns an id in each of the index's segments in which a channel has
// events up to last.
func (w *writer) segments(channel, last int64) (ids []int64, err error) {
	t := w.store.terms
	if t == nil {
		return nil, nil
	}
	var n int64
	err = w.db.rows("SELECT DISTINCT id / ? FROM events WHERE channel = ? AND id <= ?", []any{t.small, channel, last}, func() error {
		ids = append(ids, n*t.small)
		return nil
	}, &n)
	return ids, err
}

// onWriter runs fn with the writer, between two commits.
func (s *Store) onWriter(ctx context.Context, fn func(*writer) error) error {
	if err := s.ended(ctx); err != nil {
		return err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.ended(ctx); err != nil { // while we waited
		return err
	}
	return fn(s.writer)
}
