package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// yieldEvery is after how many events, some 0.1 ms of work, a reader lets others
// go first.
const yieldEvery = 64

// pageEvents and packSize are the limits of one page, which is read at once and
// then handed on from memory.
const pageEvents = 500

// firstEvents is how many a search asks for first; they may be large.
const firstEvents = 32

// maxMerged is up to how many channels are read each by its own index; more are
// picked out of all events.
const maxMerged = 16

// plan is what is still to be read of a Range or a Tail.
type plan struct {
	first, last ircbus.ID // what remains: first ≤ id ≤ last
	desc        bool
	limit       int     // events that remain; 0 is no limit
	limited     bool    // by budget
	budget      int     // bytes that may still be read
	brief       bool    // without the events' fields
	channels    []int64 // nil is all

	// match says whether an event is wanted; nil is all of them. wanted is what
	// the index is asked for before; nil if it cannot help.
	match   *ircbus.Matcher
	charged time.Duration // of match's work, to the budget
	wanted  wanted
	part    *part // that is being read
	asked   int   // for how many events the last page did

	removed map[int64]int64 // of each channel, when the Range began
}

func (p *plan) done() bool { return p.first > p.last }

// spent reports whether the budget is, before the plan is done.
func (p *plan) spent() bool { return p.limited && p.budget <= 0 && !p.done() }

// What a budget is spent on: reading an event costs as much as so many bytes of
// its body besides, and reading a byte takes so long.
const (
	eventCost = 64
	byteTime  = 8 * time.Nanosecond
)

// openReaders opens the pool of connections that read.
func openReaders(path string) (*sql.DB, error) {
	address, err := dsn(path, "_query_only=true", "_busy_timeout=10000", "_mutex=no", "_cache_size=-4096", "_stmt_cache_size=16", "mode=rw")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", address)
	if err != nil {
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	// No connection is held while a reader handles what was read.
	n := max(4, 2*runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}

// snapshot runs fn on the database as it is at one moment. Its queries are short
// and so not interrupted when ctx ends.
func (s *Store) snapshot(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.readers.Done()
	c, err := s.read.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	tx, err := c.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return fn(tx)
}

// page reads the next part of p, and moves p on beyond it.
func (s *Store) page(ctx context.Context, p *plan) (events []ircbus.Event, err error) {
	r := newRows(false)
	defer r.release()
	err = s.snapshot(ctx, func(tx *sql.Tx) error {
		events, err = s.readPage(tx, p, r)
		return err
	})
	return events, err
}

// readPage is page for who has a snapshot, and rows to read with.
func (s *Store) readPage(tx *sql.Tx, p *plan, r *rows) (events []ircbus.Event, err error) {
	if p.done() {
		return nil, nil
	}
	if err := s.divide(p); err != nil {
		return nil, err
	}
	size := p.size()
	query, args := p.query(size)
	if err := r.query(tx, query, args); err != nil {
		return nil, err
	}
	if events = r.events[:0]; p.match == nil {
		events = slices.Grow(events, int(min(uint64(size), uint64(p.last-p.first)+1)))
	}
	for read := 0; read == 0 || !p.spent(); read++ { // the index may have spent all, but something must be read
		next, ok, err := r.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			p.fits(read, r.cut)
			if p.part != nil && !r.cut && (p.part.some && len(p.part.ids) <= size || read < size) {
				p.passed(p.part.until)
			}
			break
		}
		if read%yieldEvery == yieldEvery-1 {
			runtime.Gosched() // publishers must not wait for who reads much
		}
		e, err := s.event(r, next, p.brief && p.match == nil)
		if err != nil {
			return nil, err
		}
		p.passed(e.ID)
		p.budget -= len(next.body) + eventCost
		events = append(events, e)
		if !p.wants(&events[len(events)-1]) {
			events = events[:len(events)-1]
		} else if p.done() {
			break
		}
	}
	r.events = events
	return events, nil
}

// size is for how many events to ask at once: SQLite reads all of them, also those
// for which there is no room.
func (p *plan) size() int {
	if p.asked == 0 {
		p.asked = pageEvents
		if p.match != nil {
			p.asked = firstEvents
		}
	}
	if p.limit > 0 && p.match == nil {
		return min(p.asked, p.limit)
	}
	return p.asked
}

// fits notes how many events there was room for.
func (p *plan) fits(n int, cut bool) {
	if p.asked = min(2*p.asked, pageEvents); cut {
		p.asked = min(p.asked, n+1)
	}
}

// divide sets the plan's next part if the one before has been read.
func (s *Store) divide(p *plan) error {
	switch {
	case p.part != nil && !p.part.some:
		return nil
	case p.wanted == nil:
		p.part = &part{until: p.ending()}
		return nil
	}
	next, err := s.terms.next(p)
	p.part = &next
	return err
}

// event makes a row an event.
func (s *Store) event(r *rows, row row, brief bool) (e ircbus.Event, err error) {
	e = ircbus.Event{
		ID:        ircbus.ID(row.id),
		At:        time.UnixMicro(row.at).UTC(),
		Channel:   r.channel.of(s.channels, row.channel),
		Publisher: r.publisher.of(s.publishers, row.publisher),
	}
	if !brief {
		if e.Fields, err = r.arena.Parse(row.body); err != nil {
			err = fmt.Errorf("event %d is damaged on disk: %w", row.id, err)
		}
	}
	return e, err
}

// wants reports whether the plan's event is wanted, and makes it as it is. The
// plan ends with its limit.
func (p *plan) wants(e *ircbus.Event) bool {
	if p.match != nil && !p.tryMatch(e) {
		return false
	}
	if p.brief {
		e.Fields = nil
	}
	if p.limit > 0 {
		if p.limit--; p.limit == 0 {
			p.end()
		}
	}
	return true
}

// tryMatch takes its work from the budget.
func (p *plan) tryMatch(e *ircbus.Event) bool {
	wanted := p.match.Match(e)
	work := p.match.Work()
	p.budget -= int((work - p.charged) / byteTime)
	p.charged = work
	return wanted
}

// passed notes that everything up to id, in the plan's order, has been read.
func (p *plan) passed(id ircbus.ID) {
	if p.part != nil && id == p.part.until {
		p.part = nil
	}
	if p.desc {
		p.last = id - 1
	} else {
		p.first = id + 1
	}
}

// beginning and ending are the first and last id of what remains, in the plan's
// order.
func (p *plan) beginning() ircbus.ID {
	if p.desc {
		return p.last
	}
	return p.first
}

func (p *plan) ending() ircbus.ID {
	if p.desc {
		return p.first
	}
	return p.last
}

// clamp makes an id that may be beyond the plan's end that end.
func (p *plan) clamp(id int64) ircbus.ID {
	if p.desc {
		return max(ircbus.ID(max(id, 0)), p.first)
	}
	return min(ircbus.ID(id), p.last)
}

// position is the last id that has been read.
func (p *plan) position() ircbus.ID {
	if p.desc {
		return p.last + 1
	}
	return p.first - 1
}

func (p *plan) end() { p.first = p.last + 1 }

// query makes the statement for at most size events of what remains.
func (p *plan) query(size int) (query string, args []any) {
	order := " ORDER BY id"
	if p.desc {
		order += " DESC"
	}
	body := "body"
	if p.brief && p.match == nil {
		body = "''"
	}
	query = "SELECT pack(?, ?, id, at, channel, publisher, " + body + ") FROM (SELECT * FROM events WHERE "
	if p.part.some {
		return query + "id IN (SELECT value FROM json_each(?))" + order + " LIMIT ?)", []any{jsonIDs(p.part.ids), size}
	}
	first, last := clampID(p.first), clampID(p.part.until)
	if p.desc {
		first, last = clampID(p.part.until), clampID(p.last)
	}
	switch n := len(p.channels); {
	case n == 1:
		query += "channel = ? AND "
		args = append(args, p.channels[0])
		fallthrough
	case n == 0 || n > maxMerged:
		return query + "id BETWEEN ? AND ?" + order + " LIMIT ?)", append(args, first, last, size)
	}
	part := "SELECT * FROM (SELECT id FROM events WHERE channel = ? AND id BETWEEN ? AND ?" + order + " LIMIT ?)"
	parts := make([]string, len(p.channels))
	for i, channel := range p.channels {
		parts[i] = part
		args = append(args, channel, first, last, size)
	}
	ids := "SELECT * FROM (" + strings.Join(parts, " UNION ALL ") + ")" + order + " LIMIT ?"
	return query + "id IN (" + ids + ")" + order + " LIMIT ?)", append(args, size, size)
}

// clampID makes an id, which may be any number that somebody asked for, one that
// SQLite can compare.
func clampID(id ircbus.ID) int64 { return int64(min(id, math.MaxInt64)) }

// Event implements history.Index.
func (s *Store) Event(ctx context.Context, id ircbus.ID) (ircbus.Event, error) {
	if err := s.ended(ctx); err != nil {
		return ircbus.Event{}, err
	}
	events, err := s.page(ctx, &plan{first: id, last: id})
	switch {
	case err != nil:
		return ircbus.Event{}, err
	case len(events) == 0:
		return ircbus.Event{}, s.redacted(ctx, id)
	}
	return events[0], nil
}

// Keyed implements history.Index.
func (s *Store) Keyed(ctx context.Context, publisher, key string) (ircbus.ID, error) {
	if err := s.ended(ctx); err != nil {
		return 0, err
	}
	var id int64
	err := s.snapshot(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow("SELECT id FROM keys WHERE publisher = ? AND key = ?", s.publishers.first(publisher), key).Scan(&id)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, history.ErrNotFound
	}
	return ircbus.ID(id), err
}
