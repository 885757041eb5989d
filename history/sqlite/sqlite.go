// Package sqlite keeps the bus's history in one SQLite file. It implements
// history.Log and history.Index, and history.Chat in a table of its own.
//
// One connection writes. An appender that finds it free uses it at once; what
// comes meanwhile is stored together, in one transaction, by the writer's
// goroutine. Everything is on disk (WAL, synchronous=FULL) before anybody is
// answered. Committed batches go on to the tails through memory. Reads use their
// own connections, for one page of events at a time, so that a slow reader holds
// neither a connection nor the write-ahead log; so does what copies that log back
// into the database.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// Options of a store. The zero value is ready for use.
type Options struct {
	Log        *slog.Logger     // nil is slog.Default()
	MaxBatch   int              // events after which the writer adds no further batch to a transaction; 0 is 1,000
	ProbeEvery time.Duration    // how often to try again after a failed write; 0 is 1 s
	Now        func() time.Time // the clock; nil is time.Now

	segments [2]int64 // sizes of the index's, for tests: small, large
}

// Retention is history.Retention.
type Retention = history.Retention

// Store is a history in one file.
type Store struct {
	// Static.
	log      *slog.Logger
	now      func() time.Time
	maxBatch int
	epoch    string
	file     *os.File // holds the lock
	read     *sql.DB

	channels, publishers *names
	live                 *live
	stats                counters
	failure              atomic.Pointer[failure] // why the last write failed

	terms *terms // nil if it cannot be had
	chat  chat

	writing     sync.Mutex // held by whoever uses the writer
	writer      *writer
	waiting     atomic.Int64 // requests on their way to the writer through the queue
	queue       chan *request
	checkpoints *checkpointer

	closing chan struct{} // closed when Close begins
	done    chan struct{} // closed when the writer has ended

	redacting sync.Mutex // held for a redaction, in the index too

	ahead atomic.Int64 // nanoseconds by which the times of the log are ahead of the clock

	retaining sync.Mutex   // held while retention is at work
	tally     tally        // of what it may remove
	excessive atomic.Int64 // events that it has still to remove

	mu      sync.Mutex
	closed  bool           // guarded by mu
	readers sync.WaitGroup // Add is guarded by mu
	end     error          // what Close returns; written before done is closed
}

var (
	_ history.Log   = (*Store)(nil)
	_ history.Index = (*Store)(nil)
)

// Open opens the database at path, makes it if there is none, and brings an
// older one up to date. The directory must exist. Errors: ErrNotOurs, ErrInUse,
// or why it cannot be opened.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	file, err := lock(path)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, path, opts)
	if err != nil {
		return nil, errors.Join(err, unlock(file))
	}
	s.file = file
	return s, nil
}

func open(ctx context.Context, path string, opts Options) (*Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := prepareFile(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := newStore(opts)
	if err := s.openFile(path); err != nil {
		return nil, err
	}
	w := s.writer
	w.failed(w.probe(startProbe)) // a full disk is found now, not with the first event
	var err error
	if s.terms, err = openTerms(s, path, opts, w.redacted); err != nil {
		s.log.Warn("searches will be slow", "err", err)
	} else {
		go s.terms.run()
	}
	go s.checkpoints.run()
	go w.run(opts.ProbeEvery)
	return s, nil
}

// openFile opens all that works on the database's own file.
func (s *Store) openFile(path string) (err error) {
	if s.checkpoints, err = openCheckpointer(s, path); err != nil {
		return err
	}
	defer func() {
		if err != nil { // the file last: SQLite's locks on it go with it
			err = errors.Join(err, s.checkpoints.file.Close())
		}
	}()
	db, err := connect(path, "_journal_mode=WAL", "_synchronous=FULL", "_secure_delete=ON", "_cache_size=-32768")
	if err != nil {
		return err
	}
	s.writer = &writer{store: s, db: db}
	if err := s.writer.load(path); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", path, err), s.writer.close())
	}
	if s.checkpoints.db, err = connect(path, "_synchronous=FULL"); err != nil {
		return errors.Join(err, s.writer.close())
	}
	if s.read, err = openReaders(path); err != nil {
		return errors.Join(err, s.checkpoints.db.close(), s.writer.close())
	}
	return nil
}

// prepareFile refuses what is not ours and makes the schema in an empty file.
func prepareFile(path string) error {
	h, empty, err := readHeader(path)
	if err != nil {
		return err
	}
	// Its name must not vanish with what is acknowledged in it, also if a process
	// that was killed made the file.
	if err := ircbus.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	if empty {
		return create(path)
	}
	return h.check()
}

func newStore(opts Options) *Store {
	s := &Store{
		log:        opts.Log,
		now:        opts.Now,
		maxBatch:   opts.MaxBatch,
		channels:   newNames(),
		publishers: newNames(),
		chat:       newChat(),
		queue:      make(chan *request, 256),
		closing:    make(chan struct{}),
		done:       make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.maxBatch <= 0 {
		s.maxBatch = 1000
	}
	return s
}

// Close finishes what was queued, ends every Tail and Range with
// history.ErrClosed, and closes the database.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	<-s.done
	return s.end
}

// begin notes that a read begins, which readers.Done must end, so that Close
// waits for it.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return history.ErrClosed
	}
	s.readers.Add(1)
	return nil
}

// failure is why a write failed.
type failure struct{ err error }

// Writable returns nil, or why the last attempt to write failed. After a
// failure the store tries by itself whether writing works again.
func (s *Store) Writable() error {
	if f := s.failure.Load(); f != nil {
		return f.err
	}
	return nil
}

// refusal turns a failed write into the publisher's answer.
func refusal(err error) *ircbus.Refusal {
	return ircbus.Refuse(ircbus.StoreUnavailable, "the event was not stored (%v): try again later", err)
}
