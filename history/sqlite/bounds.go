package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Epoch implements history.Index.
func (s *Store) Epoch() string { return s.epoch }

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
		return tx.QueryRow("SELECT head, redacted, (SELECT ifnull(min(id), head + 1) FROM events) FROM log").Scan(&b.Head, &b.Redacted, &b.Oldest)
	})
	return b, err
}

// removed fills in Removed and RemovedAt for some channels, or for all.
func (s *Store) removed(tx *sql.Tx, channels []string) (b history.Bounds, err error) {
	var wanted []int64
	for _, channel := range channels {
		wanted = append(wanted, s.channels.folded(channel)...)
	}
	if len(channels) > 0 && len(wanted) == 0 {
		return b, nil
	}
	var removed, at int64
	clause, args := inChannels(wanted)
	err = tx.QueryRow("SELECT removed, removed_at FROM channels WHERE removed > 0"+clause+" ORDER BY removed DESC LIMIT 1", args...).Scan(&removed, &at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return b, nil
	case err == nil:
		b.Removed, b.RemovedAt = ircbus.ID(removed), time.UnixMicro(at).UTC()
	}
	return b, err
}

// inChannels is the condition of a query of the channels with these numbers, or
// of all if there are none.
func inChannels(ids []int64) (clause string, args []any) {
	if len(ids) == 0 {
		return "", nil
	}
	for _, id := range ids {
		args = append(args, id)
	}
	return " AND id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")", args
}

// removals returns the newest id that retention has removed from each of the
// channels, or of all, that it has removed any from.
func removals(tx *sql.Tx, channels []int64) (map[int64]int64, error) {
	clause, args := inChannels(channels)
	rows, err := tx.Query("SELECT id, removed FROM channels WHERE removed > 0"+clause, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	removals := map[int64]int64{}
	for rows.Next() {
		var channel, removed int64
		if err := rows.Scan(&channel, &removed); err != nil {
			return nil, err
		}
		removals[channel] = removed
	}
	return removals, rows.Err()
}
