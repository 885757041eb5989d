package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// Limits of what is read of the index rather than of the events themselves.
const (
	maxRun       = 64   // segments looked into by one statement
	maxValues    = 2000 // that begin with one prefix, in a run
	fewEnough    = 16   // candidates that are rather looked at than compared with others
	offsetSize   = 6    // bytes, at most, of an id in the list of a value's
	denseSegment = 8    // a segment of whose events a part of 1 in so many are candidates is read whole
	maxTerms     = 64   // in one search: with more, reading the events is cheaper
	probeCost    = 256  // bytes of a Range's budget for looking for a term in a segment
	valueCost    = 64   // for each value that is found
	idCost       = 4    // and for each byte of the lists of ids
)

// wanted is what the index is asked for: an event that is in one of the views.
type wanted []wantedView

// wantedView are the terms of a view: lists, of each of which an event must have
// one.
type wantedView struct {
	channels []int64 // all spellings
	lists    [][]ircbus.Term
}

// want returns what the index is to be asked for, nil if it cannot help.
func (s *Store) want(views []ircbus.View) (w wanted) {
	if s.terms == nil {
		return nil
	}
	for _, v := range views {
		lists := v.Filter.Terms(indexed[:]...)
		if len(lists) == 0 {
			return nil
		}
		w = append(w, wantedView{s.channels.folded(v.Channel), lists})
	}
	if w.terms() > maxTerms {
		return nil
	}
	return w
}

// terms counts what is looked for in each segment.
func (w wanted) terms() (n int) {
	for _, view := range w {
		for _, list := range view.lists {
			n += len(view.channels) * len(list)
		}
	}
	return n
}

// part is what is read next of a plan: the events with these ids, or all, up to
// the last one in the plan's order.
type part struct {
	ids   []int64 // in ascending order
	some  bool    // only ids
	until ircbus.ID
}

// next returns the next part of a plan, and moves it on beyond what need not be
// read at all.
func (t *terms) next(p *plan) (next part, err error) {
	t.mu.RLock() // segments stay what they are
	defer t.mu.RUnlock()
	tx, err := t.read.BeginTx(context.Background(), nil)
	if err != nil {
		return part{}, err
	}
	defer tx.Rollback()
	next.some = true
	at := clampID(p.beginning())
	terms := p.wanted.terms()
	most := max(1, maxRun/max(1, terms/4))
	for ahead := 1; ; ahead = min(2*ahead, most) { // the more, the less has been found
		run := t.runFrom(at, p.desc, ahead)
		found, err := t.candidates(tx, run, p)
		if err == nil && len(run) > 1 && found[0].all { // perhaps only because the others have so many
			run, ahead = run[:1], 1
			found, err = t.candidates(tx, run, p)
		}
		if err != nil {
			return part{}, err
		}
		if len(run) == 0 { // not indexed
			run, found = []segment{{t.small, at - at%t.small}}, []candidates{{all: true}}
		}
		for i, g := range run {
			p.budget -= probeCost * terms
			if found[i].all {
				if next.until != 0 {
					return next.within(p), nil
				}
				return part{until: p.clamp(g.edge(p.desc))}, nil
			}
			next.ids = append(next.ids, found[i].ids...)
			next.until = p.clamp(g.edge(p.desc))
			if len(next.ids) >= pageEvents || next.until == p.ending() || p.spent() {
				return next.within(p), nil
			}
			if at = g.last() + 1; p.desc {
				at = g.first - 1
			}
		}
	}
}

// edge is the last id of the segment in the order of a plan.
func (g segment) edge(desc bool) int64 {
	if desc {
		return g.first
	}
	return g.last()
}

// within leaves out the ids beyond the plan's, and of too many the last.
func (n part) within(p *plan) part {
	slices.Sort(n.ids)
	n.ids = slices.Compact(n.ids)
	low, _ := slices.BinarySearch(n.ids, clampID(p.first))
	high, _ := slices.BinarySearch(n.ids, clampID(p.last)+1)
	n.ids = n.ids[low:max(low, high)]
	switch {
	case len(n.ids) <= pageEvents:
	case p.desc:
		n.ids = n.ids[len(n.ids)-pageEvents:]
		n.until = ircbus.ID(n.ids[0])
	default:
		n.ids = n.ids[:pageEvents]
		n.until = ircbus.ID(n.ids[pageEvents-1])
	}
	return n
}

// candidates are the ids in one segment that may be wanted, in ascending order,
// or all of them: because they are so many, or because nothing is known.
type candidates struct {
	ids []int64
	all bool
}

// tombstoneTerm finds tombstones.
var tombstoneTerm = []ircbus.Term{{Key: "action", Value: ircbus.FoldValue(ircbus.Redacted)}}

// candidates returns those of each segment of a run, at the cost of the plan's
// budget.
func (t *terms) candidates(tx *sql.Tx, run []segment, p *plan) ([]candidates, error) {
	sum := make([]candidates, len(run))
	if len(run) == 0 {
		return sum, nil
	}
	tombstones := slices.ContainsFunc(run, func(g segment) bool { return t.segments[g].tombstones })
	for _, view := range p.wanted {
		found, err := t.inView(tx, run, view, &p.budget)
		if err != nil {
			return nil, err
		}
		add(sum, found)
		if tombstones { // which are in every view of their channel
			if found, err = t.having(tx, run, view.channels, tombstoneTerm, &p.budget); err != nil {
				return nil, err
			}
			add(sum, found)
		}
	}
	for i, g := range run {
		sum[i].all = sum[i].all || g.dense(len(sum[i].ids))
	}
	return sum, nil
}

func (g segment) dense(n int) bool { return int64(n) > g.size/denseSegment }

func add(sum, found []candidates) {
	for i := range sum {
		sum[i].ids = append(sum[i].ids, found[i].ids...)
		sum[i].all = sum[i].all || found[i].all
	}
}

// inView returns the candidates for one view.
func (t *terms) inView(tx *sql.Tx, run []segment, view wantedView, budget *int) (found []candidates, err error) {
	for n, list := range view.lists {
		having, err := t.having(tx, run, view.channels, list, budget)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			found = having
			continue
		}
		for i := range found {
			switch {
			case found[i].all:
				found[i] = having[i]
			case !having[i].all:
				found[i].ids = both(found[i].ids, having[i].ids)
			}
		}
		if !slices.ContainsFunc(found, func(c candidates) bool { return c.all || len(c.ids) > fewEnough }) {
			break
		}
	}
	return found, nil
}

// having returns the candidates with one of the terms in one of the channels.
func (t *terms) having(tx *sql.Tx, run []segment, channels []int64, list []ircbus.Term, budget *int) ([]candidates, error) {
	found := make([]candidates, len(run))
	for _, channel := range channels {
		for _, term := range list {
			if err := t.look(tx, run, channel, term, found, budget); err != nil {
				return nil, err
			}
		}
	}
	for i := range found {
		slices.Sort(found[i].ids)
		found[i].ids = slices.Compact(found[i].ids)
	}
	return found, nil
}

// look adds to found what has a term.
func (t *terms) look(tx *sql.Tx, run []segment, channel int64, term ircbus.Term, found []candidates, budget *int) error {
	rows, err := t.values(tx, run, channel, term)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := 0
	for rows.Next() {
		var first int64
		var offsets, list sql.RawBytes
		if err := rows.Scan(&first, &offsets, &list); err != nil {
			return err
		}
		*budget -= valueCost + idCost*(len(offsets)+len(list))
		i := slices.IndexFunc(run, func(g segment) bool { return g.first == first })
		c := &found[i]
		if c.all = c.all || run[i].dense(len(c.ids)+(len(offsets)+len(list))/offsetSize); c.all {
			c.ids = nil
		} else {
			c.ids = appendOffsets(appendOffsets(c.ids, offsets, first), list, first)
		}
		values++
	}
	if values == maxValues { // there may be more
		for i := range found {
			found[i] = candidates{all: true}
		}
	}
	return rows.Err()
}

// values queries the ids of all values that a term means.
func (t *terms) values(tx *sql.Tx, run []segment, channel int64, term ircbus.Term) (*sql.Rows, error) {
	firsts := make([]int64, len(run))
	for i, g := range run {
		firsts[i] = g.first
	}
	query := "SELECT first, terms.ids, lists.ids FROM terms LEFT JOIN lists ON lists.id = list WHERE size = ? AND first IN (SELECT value FROM json_each(?)) AND channel = ? AND field = ? AND value "
	value := clipTerm(term.Value)
	args := []any{run[0].size, jsonIDs(firsts), channel, slices.Index(indexed[:], term.Key), value}
	if !term.Prefix || len(value) == maxTerm {
		return tx.Query(query+"= ?", args...)
	}
	const beyond = "\xff" // is no part of UTF-8 and comes after all that is
	return tx.Query(query+"BETWEEN ? AND ? LIMIT ?", append(args, value+beyond, maxValues)...)
}

func appendOffsets(ids []int64, offsets []byte, first int64) []int64 {
	if len(offsets) == 0 {
		return ids
	}
	offset := int64(0)
	for _, c := range offsets {
		if c == ',' {
			ids = append(ids, first+offset)
			offset = 0
		} else {
			offset = 10*offset + int64(c-'0')
		}
	}
	return append(ids, first+offset)
}

// both returns what is in two ascending lists.
func both(a, b []int64) (common []int64) {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		switch {
		case a[i] < b[k]:
			i++
		case a[i] > b[k]:
			k++
		default:
			common = append(common, a[i])
			i, k = i+1, k+1
		}
	}
	return common
}

// jsonIDs is a JSON array, which one statement takes however many ids it has.
func jsonIDs(ids []int64) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	b.WriteByte(']')
	return b.String()
}
