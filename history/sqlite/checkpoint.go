package sqlite

import (
	"context"
	"os"
)

// The write-ahead log, in bytes: when it is copied back into the database, and
// when the writer does that by itself.
const (
	usualLog   = 16 << 20
	largestLog = 64 << 20
	frameSize  = 4096 + 24 // sqlite.org/fileformat.html, "The Write-Ahead Log"
)

// lookEvery is after how many transactions the writer looks how long the log is.
// As many events as may be on two pages count as one more.
const (
	lookEvery    = 64
	eventsOfLook = 16
)

// remainder is how many frames a commit may have to wait for. Copying them back
// takes some milliseconds.
const remainder = 256

// checkpointer copies the write-ahead log back into the database, beside the
// commits, since that takes as long as a hundred of them.
type checkpointer struct {
	store *Store
	db    *conn
	file  *os.File      // the database
	wake  chan struct{} // has room for one
	ended chan struct{} // closed when run has

	usual int64 // frames that the log has when it is copied back; owned by who writes
}

// openCheckpointer opens the database's file, for syncing alone. It must be open
// before SQLite opens it and closed after SQLite has closed it: with the first
// descriptor of a process that is closed, all its locks on a file go (POSIX).
func openCheckpointer(s *Store, path string) (*checkpointer, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return &checkpointer{
		store: s, file: file, usual: usualLog / frameSize,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}, nil
}

// close waits for the end of run, which comes when the store closes.
func (c *checkpointer) close() error {
	<-c.ended
	return c.db.close()
}

func (c *checkpointer) run() {
	defer close(c.ended)
	for failing := false; ; {
		select {
		case <-c.wake:
		case <-c.store.closing:
			return
		}
		err := c.copy()
		if err != nil && !failing && c.store.ended(context.Background()) == nil {
			c.store.log.Warn("the write-ahead log cannot be copied back and grows", "err", err)
		}
		failing = err != nil
	}
}

// copy copies the whole log back, so that the next commit can begin it anew:
// first what there is, twice because more has come meanwhile, then with the
// writer what is left, which is little.
func (c *checkpointer) copy() error {
	for range 2 {
		if _, _, _, err := c.db.checkpoint("PASSIVE"); err != nil {
			return err
		}
		// SQLite syncs only what was all of it.
		if err := c.file.Sync(); err != nil {
			return err
		}
		_, frames, done, err := c.db.checkpoint("NOOP")
		if err != nil || done == frames {
			return err
		}
		if frames-done < remainder {
			break
		}
	}
	return c.store.onWriter(context.Background(), func(w *writer) error {
		_, _, _, err := w.db.checkpoint("PASSIVE")
		return err
	})
}

// lookAtLog wakes the checkpointer if the log is long.
func (w *writer) lookAtLog() {
	if w.unseen++; w.unseen < lookEvery {
		return
	}
	w.unseen = 0
	_, frames, _, err := w.db.checkpoint("NOOP")
	if err != nil || frames < w.store.checkpoints.usual {
		return
	}
	select {
	case w.store.checkpoints.wake <- struct{}{}:
	default: // is on it
	}
}

// checkpoint copies the log back in one of SQLite's ways (sqlite.org/pragma.html,
// "wal_checkpoint"). It returns whether others were in the way, how many frames
// the log has, and how many of these are in the database.
func (c *conn) checkpoint(mode string) (busy bool, frames, done int64, err error) {
	var blocked int64
	err = c.row("PRAGMA wal_checkpoint("+mode+")", nil, &blocked, &frames, &done)
	return blocked != 0, frames, done, err
}
