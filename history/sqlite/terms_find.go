package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// Limits of what is read of the index rather than of the events themselves.
const (
	maxValues    = 2000 // of a segment that begin with one prefix
	fewEnough    = 16   // candidates that are rather looked at than compared with others
	offsetSize   = 6    // bytes, at most, of an id in the list of a value's
	denseSegment = 8    // a segment of whose events a part of 1 in so many are candidates is read whole
	probeCost    = 256  // bytes of a Range's budget for looking into a segment
)

// wanted are the terms of the views: of each view lists, of each of which an
// event must have one.
type wanted [][][]ircbus.Term

// want returns what the index is to be asked for, nil if it cannot help.
func want(views []ircbus.View) (w wanted) {
	for _, v := range views {
		lists := v.Filter.Terms(indexed[:]...)
		if len(lists) == 0 {
			return nil
		}
		w = append(w, lists)
	}
	return w
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
	var ok bool
	for at := clampID(p.beginning()); ; {
		g, covered := t.at(at)
		var ids []int64
		if covered {
			p.budget -= probeCost
			if ids, ok, err = t.candidates(tx, g, p.wanted); err != nil {
				return part{}, err
			}
		} else {
			g = segment{t.small, at - at%t.small}
		}
		if !covered || !ok { // to be read
			if next.until != 0 {
				return next.within(p), nil
			}
			return part{until: p.clamp(g.edge(p.desc))}, nil
		}
		next.ids = append(next.ids, ids...)
		if at = g.last() + 1; p.desc {
			at = g.first - 1
		}
		next.until = p.clamp(g.edge(p.desc))
		if len(next.ids) >= pageEvents || next.until == p.ending() || p.spent() {
			return next.within(p), nil
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

// candidates returns the ids in a segment that may be wanted; ok is false if they
// are so many that all had better be read.
func (t *terms) candidates(tx *sql.Tx, g segment, w wanted) (ids []int64, ok bool, err error) {
	add := func(found []int64) bool {
		ids = append(ids, found...)
		return int64(len(ids)) <= g.size/denseSegment
	}
	if t.segments[g].tombstones { // which are in every view of their channels
		tombstones, ok, err := t.having(tx, g, []ircbus.Term{{Key: "action", Value: ircbus.FoldValue(ircbus.Redacted)}})
		if err != nil || !ok || !add(tombstones) {
			return nil, false, err
		}
	}
	for _, lists := range w {
		var found []int64
		restricted := false
		for _, list := range lists {
			having, ok, err := t.having(tx, g, list)
			switch {
			case err != nil:
				return nil, false, err
			case !ok:
				continue
			case !restricted:
				found, restricted = having, true
			default:
				found = both(found, having)
			}
			if len(found) <= fewEnough {
				break
			}
		}
		if !restricted || !add(found) {
			return nil, false, nil
		}
	}
	return ids, true, nil
}

// having returns the ids in a segment with one of the terms, in ascending order;
// ok is false if there
// are too many.
func (t *terms) having(tx *sql.Tx, g segment, list []ircbus.Term) (ids []int64, ok bool, err error) {
	for _, term := range list {
		values := 0
		rows, err := t.values(tx, g, term)
		if err != nil {
			return nil, false, err
		}
		for rows.Next() {
			var offsets sql.RawBytes
			if err = rows.Scan(&offsets); err != nil {
				break
			}
			if values++; values == maxValues || int64(len(ids)+len(offsets)/offsetSize) > g.size/denseSegment {
				rows.Close()
				return nil, false, nil
			}
			ids = appendOffsets(ids, offsets, g.first)
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, false, err
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), true, nil
}

// values queries the ids of all values that a term means.
func (t *terms) values(tx *sql.Tx, g segment, term ircbus.Term) (*sql.Rows, error) {
	field := slices.Index(indexed[:], term.Key)
	value := clipTerm(term.Value)
	if !term.Prefix || len(value) == maxTerm {
		return tx.Query("SELECT ids FROM terms WHERE size = ? AND first = ? AND field = ? AND value = ?", g.size, g.first, field, value)
	}
	const beyond = "\xff" // is no part of UTF-8 and comes after all that is
	return tx.Query("SELECT ids FROM terms WHERE size = ? AND first = ? AND field = ? AND value >= ? AND value < ? LIMIT ?",
		g.size, g.first, field, value, value+beyond, maxValues)
}

func appendOffsets(ids []int64, offsets []byte, first int64) []int64 {
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
