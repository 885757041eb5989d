package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// tally knows how many events there are of each channel, without counting them
// again each time.
type tally struct {
	mu     sync.Mutex
	begun  bool
	upTo   int64           // counted up to this id
	counts map[int64]int64 // by channel
}

// read counts what has come since it was called last; at first, everything, from the
// index of the channels.
func (t *tally) read(ctx context.Context, tx *sql.Tx) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var head int64
	if err := tx.QueryRow("SELECT head FROM log").Scan(&head); err != nil {
		return err
	}
	query, args := "SELECT channel, count(*) FROM events GROUP BY channel", []any(nil)
	if t.begun {
		query, args = "SELECT channel, count(*) FROM events WHERE id > ? GROUP BY channel", []any{t.upTo}
	}
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	counts := map[int64]int64{}
	for rows.Next() {
		var channel, count int64
		if err := rows.Scan(&channel, &count); err != nil {
			return err
		}
		counts[channel] = count
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for channel, count := range t.counts {
		counts[channel] += count
	}
	t.begun, t.upTo, t.counts = true, head, counts
	return nil
}

func (t *tally) of(channel int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[channel]
}

// add corrects a count by events that were removed.
func (t *tally) add(channel, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.begun {
		t.counts[channel] += n
	}
}

// forget is for an event that was removed by redaction: whether it was counted is
// not known to whoever removed it, so that the next read counts all anew.
func (t *tally) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun, t.counts = false, nil
}
