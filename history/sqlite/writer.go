package sqlite

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/mattn/go-sqlite3"
)

// writer stores what appenders bring, and what else changes the database. Its
// fields belong to whoever holds Store.writing.
type writer struct {
	store *Store
	db    *conn
	room  room
	path  string
	inode os.FileInfo // the database as it was opened

	head ircbus.ID // last id given out
	at   int64     // its acceptance, microseconds

	fresh []*name // names that the present transaction stores
	stale bool    // the write-ahead log may have what was redacted

	unseen int // transactions since we looked how long the log is

	redacted int64 // the newest tombstone when the store was opened
}

// load reads what the writer keeps in memory.
func (w *writer) load(path string) error {
	if err := migrate(w.db); err != nil {
		return err
	}
	// The checkpointer copies the write-ahead log back. If it does not keep up, or
	// readers keep the log from beginning anew, the writer does from 64 MiB on.
	if err := w.db.run(fmt.Sprintf("PRAGMA wal_autocheckpoint = %d; PRAGMA journal_size_limit = %d", largestLog/frameSize, largestLog)); err != nil {
		return err
	}
	var epoch string
	var head, at, redacted int64
	if err := w.db.row("SELECT epoch, head, at, redacted FROM log", nil, &epoch, &head, &at, &redacted); err != nil {
		return fmt.Errorf("%w: its state cannot be read: %w", ErrNotOurs, err)
	}
	if head < 0 {
		return fmt.Errorf("%w: its last id is %d", ErrNotOurs, head)
	}
	var err error
	if epoch, err = w.renewEpoch(epoch); err != nil {
		return err
	}
	w.store.epoch, w.head, w.at, w.path = epoch, ircbus.ID(head), at, path
	if at > 0 {
		w.nextAt() // says it if the clock is behind
	}
	w.redacted = redacted
	w.stale = redacted > 0 // a crash may have come between
	w.store.live = newLive(w.head)
	if err := w.loadNames("channels", w.store.channels); err != nil {
		return err
	}
	if err := w.loadNames("publishers", w.store.publishers); err != nil {
		return err
	}
	if err := w.loadChat(); err != nil {
		return err
	}
	if err := w.room.open(path); err != nil {
		return err
	}
	inode, err := os.Stat(path)
	w.inode = inode
	return err
}

// close closes what load has opened.
func (w *writer) close() error { return errors.Join(w.room.close(), w.db.close()) }

func (w *writer) loadNames(table string, n *names) error {
	var id int64
	var text string
	return w.db.rows("SELECT id, name FROM "+table+" ORDER BY id", nil, func() error {
		n.add(id, text, true)
		return nil
	}, &id, &text)
}

// run is the writer's goroutine, ended by Close. It stores what comes while
// somebody is writing already, and what has to be done at its time.
func (w *writer) run(probeEvery time.Duration) {
	if probeEvery <= 0 {
		probeEvery = time.Second
	}
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	s := w.store
	for {
		select {
		case r := <-s.queue:
			s.writing.Lock()
			w.commit(w.gather(r))
		case <-s.chat.wake:
			s.writing.Lock()
			w.writeChat() // logs and tries again by itself
		case <-probe.C:
			s.writing.Lock()
			if s.failure.Load() != nil {
				w.failed(w.probe(probeSize))
			}
			w.clean()
		case <-s.closing:
			w.finish()
			return
		}
		s.writing.Unlock()
	}
}

// finish stores what is still queued and closes everything.
func (w *writer) finish() {
	s := w.store
	defer close(s.done)
	w.drain()
	s.readers.Wait()
	s.end = errors.Join(s.terms.close(), s.read.Close(), s.checkpoints.close(), w.close(), s.checkpoints.file.Close(), unlock(s.file))
}

// drain stores what is still queued. Who gets hold of the writer after it sees
// that the store is closed.
func (w *writer) drain() {
	s := w.store
	s.writing.Lock()
	defer s.writing.Unlock()
	for {
		select {
		case r := <-s.queue:
			w.commit(w.gather(r))
			continue
		default:
		}
		break
	}
	w.finishChat()
}

// gather takes along what else is queued, up to the limit, except for what
// nobody waits for any more.
func (w *writer) gather(first *request) []*request {
	var group []*request
	events := 0
	for r := first; ; {
		w.store.waiting.Add(-1)
		if err := r.ctx.Err(); err != nil {
			r.done <- err
		} else {
			group = append(group, r)
			events += len(r.events)
		}
		if events >= w.store.maxBatch {
			return group
		}
		select {
		case r = <-w.store.queue:
		default:
			return group
		}
	}
}

// commit stores a group in one transaction and answers everybody in it.
func (w *writer) commit(group []*request) {
	if len(group) == 0 {
		return
	}
	began := time.Now()
	stored, err := w.write(group)
	switch {
	case err == nil:
		w.store.live.publish(stored)
		w.store.stats.committed(len(stored), asked(group), time.Since(began))
		w.failed(nil)
	case poisoned(err) && len(group) > 1:
		for i := range group {
			w.commit(group[i : i+1])
		}
		return
	case !poisoned(err):
		w.failed(err)
	}
	for _, r := range group {
		if err != nil {
			w.store.stats.failures.Add(1)
			r.done <- refusal(err)
		} else {
			r.done <- nil
		}
	}
}

// write is commit's transaction. It returns the events that are new.
func (w *writer) write(group []*request) (stored []ircbus.Event, err error) {
	err = w.give(func() (err error) {
		stored, err = w.insert(group)
		return err
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// aheadTolerated is how far the log may be ahead of the clock without a word:
// clocks are set by less than that all the time.
const aheadTolerated = time.Second

// nextAt is the time of acceptance of the next commit: the present, or, after the
// clock was set back, a microsecond more than the highest that was given.
func (w *writer) nextAt() int64 {
	s, now := w.store, w.store.now().UnixMicro()
	at := max(w.at+1, now)
	ahead := time.Duration(at-now) * time.Microsecond
	before := time.Duration(s.ahead.Swap(int64(ahead)))
	switch {
	case ahead > aheadTolerated && before <= aheadTolerated:
		s.log.Warn("the clock is behind the log, or was set back: times of acceptance advance by a microsecond a commit until it has caught up",
			"ahead", ahead.Round(time.Second), "last", ircbus.FormatTime(time.UnixMicro(w.at)))
	case ahead <= aheadTolerated && before > aheadTolerated:
		s.log.Info("the clock has caught up with the log")
	}
	return at
}

// give is a transaction that gives out ids, at the present time.
func (w *writer) give(fn func() error) error {
	head, last := w.head, w.at
	w.at = w.nextAt()
	err := w.transaction(fn)
	// Ids of a COMMIT that failed are not given out again: a crash may bring to
	// light what it had written.
	if _, failedCommit := errors.AsType[*commitError](err); err != nil && !failedCommit {
		w.head, w.at = head, last
	}
	return err
}

// transaction runs fn in a transaction, after making sure that the database is
// still where readers and the next start will look for it.
func (w *writer) transaction(fn func() error) error {
	if now, err := os.Stat(w.path); err != nil {
		return fmt.Errorf("the database file is gone: %w", err)
	} else if !os.SameFile(now, w.inode) {
		return fmt.Errorf("the database file %s has been replaced while in use", w.path)
	}
	w.fresh = w.fresh[:0]
	if err := w.db.transaction(fn); err != nil {
		return err
	}
	for _, n := range w.fresh {
		n.stored = true
	}
	w.room.grow()
	w.lookAtLog()
	return nil
}

// poisoned reports whether an error lies in what was to be stored and not in the
// store, so that other batches may succeed.
func poisoned(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrConstraint || e.Code == sqlite3.ErrTooBig || e.Code == sqlite3.ErrMismatch)
}

// failed notes how an attempt to write went, and logs when that changes.
func (w *writer) failed(err error) {
	before := w.store.failure.Load()
	switch {
	case err != nil:
		w.store.failure.Store(&failure{err})
		if before == nil {
			w.store.log.Error("the history cannot be written", "path", w.path, "err", err)
		}
	case before != nil:
		w.store.failure.Store(nil)
		w.store.log.Info("the history can be written again", "path", w.path)
	}
}

// probeSize is how many bytes must fit on the disk for the store to count as
// writable again: more than the write-ahead log has room for already.
const probeSize = mostRoom + 64<<10

// startProbe is the same at the start, where nothing has failed yet.
const startProbe = 64 << 10

// probe writes so many bytes and removes them again, each for good, as a
// publisher's batch would be written.
func (w *writer) probe(size int) error {
	for _, statement := range [...]string{
		fmt.Sprintf("INSERT INTO probe VALUES (zeroblob(%d))", size),
		"DELETE FROM probe",
	} {
		err := w.transaction(func() error {
			_, err := w.db.exec(statement)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
