package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Bounds implements history.Index.
func (s *Store) Bounds(ctx context.Context, channels ...string) (history.Bounds, error) {
	if err := s.ended(ctx); err != nil {
		return history.Bounds{}, err
	}
	var b history.Bounds
	err := s.snapshot(ctx, func(tx *sql.Tx) (err error) {
		if b, err = s.removed(tx, channels); err != nil {
			return err
		}
		b.Epoch = s.epoch
		return tx.QueryRow("SELECT head, (SELECT ifnull(min(id), head + 1) FROM events) FROM log").Scan(&b.Head, &b.Oldest)
	})
	return b, err
}

// removed fills in Removed and RemovedAt for some channels, or for all.
func (s *Store) removed(tx *sql.Tx, channels []string) (b history.Bounds, err error) {
	var wanted []int64
	for _, channel := range channels {
		wanted = append(wanted, s.channels.folded(channel)...)
	}
	rows, err := tx.Query("SELECT id, removed, removed_at FROM channels WHERE removed > 0")
	if err != nil {
		return b, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, removed, at int64
		if err := rows.Scan(&id, &removed, &at); err != nil {
			return b, err
		}
		if (len(channels) == 0 || slices.Contains(wanted, id)) && ircbus.ID(removed) > b.Removed {
			b.Removed, b.RemovedAt = ircbus.ID(removed), time.UnixMicro(at).UTC()
		}
	}
	return b, rows.Err()
}
