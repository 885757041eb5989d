package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
)

// indexed are the fields that filters ask for most.
var indexed = [...]string{"page", "user", "action"}

// Sizes of segments, in ids. What comes after the last whole small one is
// searched by reading it.
const (
	smallSegment = 1 << 10
	largeSegment = 64 << 10
)

// terms is the index of the values of some fields. It is in a file of its own,
// made from the events and never needed to have them: it is filled behind the
// head, so that publishing does not wait for it, and what it does not cover is
// searched by reading.
//
// It is made of segments, each for the ids from a multiple of its size on. A
// segment is written once, in the order of its terms, so that its pages are
// neighbours however many events there are. Where all of a large one's events are
// there, it takes the place of the small ones.
//
// What it says are candidates: an event may have been removed meanwhile.
type terms struct {
	store        *Store
	path         string
	small, large int64
	every        time.Duration

	work  sync.Mutex // held while the file is written
	db    *conn      // guarded by work
	clean bool       // nothing that was forgotten is in its write-ahead log; guarded by work
	began time.Time  // to build, after the last rest; zero: is not building; guarded by work
	read  *sql.DB

	hurry atomic.Int32 // so many wait for work
	lag   atomic.Int64 // ids that are in segments still to be built

	mu       sync.RWMutex
	segments map[segment]covered // that may be relied on; guarded by mu

	ended chan struct{} // closed when run has ended
}

// segment is a range of ids: first ≤ id < first + size.
type segment struct{ size, first int64 }

func (g segment) last() int64 { return g.first + g.size - 1 }

// covered says about a segment what is not in its terms.
type covered struct {
	tombstones bool  // it has some
	stale      int64 // it has terms of so many events that retention has removed
	unsaved    bool  // the file does not say so yet
}

const termsVersion = 3

const termsSchema = `
CREATE TABLE state (epoch TEXT NOT NULL, redacted INTEGER NOT NULL);
CREATE TABLE segments (size INTEGER, first INTEGER, tombstones INTEGER NOT NULL, stale INTEGER NOT NULL, PRIMARY KEY (size, first)) WITHOUT ROWID;
-- field is a place in the list of indexed fields; ids are counted from the segment's first, in decimal with commas. Long ones are in lists: who looks
-- for another term must not have to read them.
CREATE TABLE terms (size INTEGER, first INTEGER, channel INTEGER, field INTEGER, value TEXT, ids TEXT NOT NULL, list INTEGER, PRIMARY KEY (size, first, channel, field, value)) WITHOUT ROWID;
CREATE TABLE lists (id INTEGER PRIMARY KEY, ids TEXT NOT NULL);
`

// openTerms opens the index beside the database at path, or begins a new one if
// what is there does not belong to it as it is now.
func openTerms(s *Store, path string, opts Options, redacted int64) (*terms, error) {
	t := &terms{
		store: s, path: path + "-terms", small: smallSegment, large: largeSegment, every: 250 * time.Millisecond,
		clean: true, segments: map[segment]covered{}, ended: make(chan struct{}),
	}
	if opts.segments != [2]int64{} {
		t.small, t.large, t.every = opts.segments[0], opts.segments[1], time.Millisecond
	}
	err := t.open(redacted)
	if err != nil {
		if err = removeDatabase(t.path); err == nil {
			err = t.open(redacted)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the index %s cannot be opened: %w", t.path, err)
	}
	return t, nil
}

func removeDatabase(path string) error {
	var all error
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
		// SQLite does not replay a write-ahead log into an empty database, so that
		// the database has to go first, on the disk, too.
		all = errors.Join(all, ircbus.SyncDir(filepath.Dir(path)))
	}
	return all
}

func (t *terms) open(redacted int64) (err error) {
	file, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if t.db, err = connect(t.path, "_journal_mode=WAL", "_synchronous=NORMAL", "_secure_delete=ON", "_cache_size=-8192"); err != nil {
		return err
	}
	if err = t.load(redacted); err == nil {
		t.read, err = openReaders(t.path)
	}
	if err != nil {
		t.db.close()
	}
	return err
}

// load makes the schema in an empty file, or reads which segments there are.
func (t *terms) load(redacted int64) error {
	var version int64
	if err := t.db.row("PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if version == 0 {
		return t.db.transaction(func() error {
			if err := t.db.run(termsSchema + fmt.Sprintf("PRAGMA user_version = %d", termsVersion)); err != nil {
				return err
			}
			return t.db.run("INSERT INTO state VALUES (?, ?)", t.store.epoch, redacted)
		})
	}
	var epoch string
	var known int64
	if err := t.db.row("SELECT epoch, redacted FROM state", nil, &epoch, &known); err != nil {
		return err
	}
	if version != termsVersion || epoch != t.store.epoch || known != redacted {
		return errors.New("it is of another state of the database")
	}
	var g segment
	var tombstones, stale int64
	return t.db.rows("SELECT size, first, tombstones, stale FROM segments", nil, func() error {
		t.segments[g] = covered{tombstones: tombstones != 0, stale: stale}
		return nil
	}, &g.size, &g.first, &tombstones, &stale)
}

// close waits for run, which ends when the store closes. A nil index is closed.
func (t *terms) close() error {
	if t == nil {
		return nil
	}
	<-t.ended
	return errors.Join(t.read.Close(), t.db.close())
}

// runFrom returns up to n segments of one size, one after another in the order of a
// plan, from the one that covers an id on.
func (t *terms) runFrom(id int64, desc bool, n int) (run []segment) {
	g, ok := t.at(id)
	step := g.size
	if desc {
		step = -step
	}
	for ; ok && len(run) < n; ok = ok && g.size == run[0].size {
		run = append(run, g)
		g, ok = t.at(g.first + step)
	}
	return run
}

// at returns the segment that covers an id, the larger if there are two.
func (t *terms) at(id int64) (segment, bool) {
	for _, size := range [...]int64{t.large, t.small} {
		g := segment{size, id - id%size}
		if _, ok := t.segments[g]; ok {
			return g, true
		}
	}
	return segment{}, false
}

// maxTerm is how many bytes of a value are kept; longer ones are told apart by
// looking at the event.
const maxTerm = 120

func clipTerm(value string) string {
	if len(value) > maxTerm {
		return value[:maxTerm]
	}
	return value
}

// eachTerm calls fn with what of an event is indexed.
func eachTerm(fields ircbus.Fields, fn func(field int, value string)) {
	for i := range fields {
		for field, key := range indexed {
			if fields[i].Key == key {
				fn(field, clipTerm(ircbus.FoldValue(fields[i].Value)))
			}
		}
	}
}
