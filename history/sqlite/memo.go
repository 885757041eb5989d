package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

var _ history.Memos = (*Store)(nil)

// Leave implements history.Memos.
func (s *Store) Leave(ctx context.Context, m ircbus.Memo, limit int) (kept ircbus.Memo, isNew bool, err error) {
	m.At = s.now().UTC().Truncate(time.Microsecond)
	err = s.changeMemos(ctx, func(w *writer) error {
		isNew = false
		var id, at, waiting int64
		err := w.db.row("SELECT id, at FROM memos WHERE recipient = ? AND sender = ? AND key = ? AND key <> ''", []any{m.To, m.From, m.Key}, &id, &at)
		if err == nil {
			m.ID, m.At = uint64(id), time.UnixMicro(at).UTC()
			return nil
		} else if !errors.Is(err, errNoRow) {
			return err
		}
		if err := w.db.row("SELECT count(*) FROM memos WHERE recipient = ? AND NOT given", []any{m.To}, &waiting); err != nil {
			return err
		}
		if limit > 0 && waiting >= int64(limit) {
			return ircbus.Refuse(ircbus.RateLimited, "%d messages are waiting for %s already, and no more may", waiting, m.To)
		}
		if _, err := w.db.exec("INSERT INTO memos (at, recipient, sender, key, text, given) VALUES (?, ?, ?, ?, ?, 0)",
			m.At.UnixMicro(), m.To, m.From, m.Key, m.Text); err != nil {
			return err
		}
		isNew = true
		err = w.db.row("SELECT last_insert_rowid()", nil, &id)
		m.ID = uint64(id)
		return err
	})
	return m, isNew && err == nil, err
}

// changeMemos runs fn in a transaction. The error is an *ircbus.Refusal, ctx's,
// or history.ErrClosed.
func (s *Store) changeMemos(ctx context.Context, fn func(*writer) error) error {
	return s.onWriter(ctx, func(w *writer) error {
		err := w.transaction(func() error { return fn(w) })
		refused, ok := errors.AsType[*ircbus.Refusal](err)
		switch {
		case err == nil:
			w.failed(nil)
			return nil
		case ok:
			return refused
		case !poisoned(err):
			w.failed(err)
		}
		return ircbus.Refuse(ircbus.StoreUnavailable, "the message was not stored (%v): try again later", err)
	})
}

// Waiting implements history.Memos.
func (s *Store) Waiting(ctx context.Context, account string) (found []ircbus.Memo, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT id, at, recipient, sender, key, text FROM memos WHERE recipient = ? AND NOT given ORDER BY id", account)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m ircbus.Memo
			var at int64
			if err := rows.Scan(&m.ID, &at, &m.To, &m.From, &m.Key, &m.Text); err != nil {
				return err
			}
			m.At = time.UnixMicro(at).UTC()
			found = append(found, m)
		}
		return rows.Err()
	})
	return found, err
}

// Given implements history.Memos.
func (s *Store) Given(ctx context.Context, account string, upTo uint64) error {
	return s.changeMemos(ctx, func(w *writer) error {
		// One without a key is of no use any more.
		if _, err := w.db.exec("DELETE FROM memos WHERE recipient = ? AND NOT given AND id <= ? AND key = ''", account, int64(upTo)); err != nil {
			return err
		}
		_, err := w.db.exec("UPDATE memos SET given = 1, text = '' WHERE recipient = ? AND NOT given AND id <= ?", account, int64(upTo))
		return err
	})
}

// RetainMemos implements history.Memos.
func (s *Store) RetainMemos(ctx context.Context, age time.Duration, keep func(account string) bool) (removed int, err error) {
	strangers, err := s.memoStrangers(ctx, keep)
	if err != nil {
		return 0, err
	}
	err = s.changeMemos(ctx, func(w *writer) error {
		removed = 0
		remove := func(condition string, args ...any) error {
			var waiting int64
			if err := w.db.row("SELECT count(*) FROM memos WHERE NOT given AND ("+condition+")", args, &waiting); err != nil {
				return err
			}
			removed += int(waiting)
			_, err := w.db.exec("DELETE FROM memos WHERE "+condition, args...)
			return err
		}
		for _, name := range strangers {
			if err := remove("recipient = ?1 OR sender = ?1", name); err != nil {
				return err
			}
		}
		if age <= 0 {
			return nil
		}
		return remove("at < ?", microseconds(s.now().Add(-age)))
	})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// memoStrangers are those for or from whom there are memos and whom keep does not
// want.
func (s *Store) memoStrangers(ctx context.Context, keep func(account string) bool) (names []string, err error) {
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT DISTINCT recipient FROM memos UNION SELECT DISTINCT sender FROM memos")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			if !keep(ircbus.Fold(name)) {
				names = append(names, name)
			}
		}
		return rows.Err()
	})
	return names, err
}
