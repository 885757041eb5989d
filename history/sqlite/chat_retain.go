package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// RetainChat implements history.Chat.
func (s *Store) RetainChat(ctx context.Context, rule history.ChatRetention) (removed int, err error) {
	for _, part := range []struct {
		limited bool
		apply   func() (int, error)
	}{
		{rule.MaxAge > 0, func() (int, error) { return s.expireChat(ctx, rule.MaxAge) }},
		{rule.MaxTotal > 0, func() (int, error) { return s.limitChat(ctx, rule.MaxTotal) }},
		{rule.MaxCount > 0, func() (int, error) { return s.limitTargets(ctx, rule.MaxCount) }},
	} {
		if !part.limited {
			continue
		}
		n, err := part.apply()
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

func (s *Store) expireChat(ctx context.Context, age time.Duration) (removed int, err error) {
	return s.removeChat(ctx, "at < ?", microseconds(s.now().Add(-age)))
}

// limitChat removes all but the newest messages.
func (s *Store) limitChat(ctx context.Context, keep int) (removed int, err error) {
	var at, id int64
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow("SELECT at, id FROM chat ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?", keep).Scan(&at, &id)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return s.removeChat(ctx, "(at, id) <= (?, ?)", at, id)
}

// limitTargets removes all but the newest messages of each channel and copy of a
// conversation.
func (s *Store) limitTargets(ctx context.Context, keep int) (removed int, err error) {
	type excess struct {
		owner, target string
		count         int64
	}
	var all []excess
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT owner, target, count(*) - ?1 FROM chat GROUP BY owner, target HAVING count(*) > ?1", keep)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e excess
			if err := rows.Scan(&e.owner, &e.target, &e.count); err != nil {
				return err
			}
			all = append(all, e)
		}
		return rows.Err()
	})
	for _, e := range all {
		for err == nil && e.count > 0 {
			var n int
			n, err = s.removeMessages(ctx, "owner = ? AND target = ?", min(e.count, retainStep), e.owner, e.target)
			removed += n
			if e.count -= int64(n); n == 0 {
				break
			}
		}
	}
	return removed, err
}

// ForgetChat implements history.Chat.
func (s *Store) ForgetChat(ctx context.Context, keep func(owner string) bool) (removed int, err error) {
	var owners []string
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		for owner := ""; ; owners = append(owners, owner) {
			err := tx.QueryRow("SELECT owner FROM chat WHERE owner > ? ORDER BY owner LIMIT 1", owner).Scan(&owner)
			if errors.Is(err, sql.ErrNoRows) {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	for _, owner := range owners {
		if err == nil && !keep(ircbus.Fold(owner)) {
			var n int
			n, err = s.removeChat(ctx, "owner = ?", owner)
			removed += n
		}
	}
	return removed, err
}

// removeChat removes the messages of which the condition is true, a step at a
// time.
func (s *Store) removeChat(ctx context.Context, condition string, args ...any) (removed int, err error) {
	for {
		n, err := s.removeMessages(ctx, condition, retainStep, args...)
		removed += n
		if err != nil || n < retainStep {
			return removed, err
		}
	}
}

// removeMessages removes the oldest messages of which the condition is true, at
// most so many.
func (s *Store) removeMessages(ctx context.Context, condition string, limit int64, args ...any) (removed int, err error) {
	statement := "DELETE FROM chat WHERE id IN (SELECT id FROM chat WHERE " + condition + " ORDER BY at, id LIMIT ?)"
	err = s.onWriter(ctx, func(w *writer) error {
		return w.transaction(func() error {
			n, err := w.db.exec(statement, append(args[:len(args):len(args)], limit)...)
			removed = int(n)
			return err
		})
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}
