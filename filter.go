package ircbus

import (
	"slices"
	"strings"
)

// Filter chooses events by glob patterns on their fields (docs/protocol.md,
// "Filtered views"). The zero value passes everything.
type Filter struct {
	keys []keyFilter
}

// keyFilter holds the patterns of one key: one of any must match if there are
// any, and none of not may.
type keyFilter struct {
	key      string
	any, not []pattern
}

type pattern struct {
	text string
	glob Glob
}

func newPattern(text string) pattern { return pattern{text, NewGlob(text)} }

// ParseFilter reads a filter: a query string of patterns in which * stands for
// any text and ? for one character, compared without regard to case. The same
// key again means or, different keys mean and, a leading ! means not; every !
// must hold. The error is a *Refusal.
func ParseFilter(query string) (Filter, error) {
	fields, err := Parse(query)
	if err != nil {
		return Filter{}, err
	}
	if query == "" || len(fields) == 0 {
		return Filter{}, Refuse(InvalidEvent, "the filter is empty")
	}
	for part := range strings.SplitSeq(query, "&") {
		if part != "" && !strings.Contains(part, "=") {
			return Filter{}, Refuse(InvalidEvent, "the filter has %q without =: write key=pattern, as in page=Bad*", clip(part))
		}
	}
	var f Filter
	for _, field := range fields {
		i := slices.IndexFunc(f.keys, func(k keyFilter) bool { return k.key == field.Key })
		if i < 0 {
			i = len(f.keys)
			f.keys = append(f.keys, keyFilter{key: field.Key})
		}
		if text, isNot := strings.CutPrefix(field.Value, "!"); isNot {
			f.keys[i].not = append(f.keys[i].not, newPattern(text))
		} else {
			f.keys[i].any = append(f.keys[i].any, newPattern(field.Value))
		}
	}
	return f, nil
}

// Keys are the fields that the filter looks at.
func (f Filter) Keys() (keys []string) {
	for i := range f.keys {
		keys = append(keys, f.keys[i].key)
	}
	return keys
}

// HasOddBlanks reports whether a pattern has blanks where hardly anybody wants
// them: at an end, or two together, as "C++" has.
func (f Filter) HasOddBlanks() bool {
	odd := func(p pattern) bool {
		return strings.Trim(p.text, " ") != p.text || strings.Contains(p.text, "  ")
	}
	return slices.ContainsFunc(f.keys, func(k keyFilter) bool {
		return slices.ContainsFunc(k.any, odd) || slices.ContainsFunc(k.not, odd)
	})
}

// Match reports whether the event's fields pass. A missing field counts as
// empty; of a repeated one, any value may match. A tombstone always passes:
// whoever has seen its target must see it. A Matcher is faster for many events.
func (f Filter) Match(fields Fields) bool {
	if _, tombstone := fields.Redacts(); tombstone {
		return true
	}
	var values folded
	values.begin(fields)
	return f.passes(&values)
}

// passes is Match for what is not a tombstone.
func (f Filter) passes(values *folded) bool {
	for i := range f.keys {
		if !f.keys[i].passes(values) {
			return false
		}
	}
	return true
}

func (k *keyFilter) passes(values *folded) bool {
	any, found := len(k.any) == 0, false
	values.work += len(values.fields)
	for i := range values.fields {
		if values.fields[i].Key != k.key {
			continue
		}
		found = true
		value := values.value(i)
		if any = any || values.match(k.any, value); values.match(k.not, value) {
			return false
		}
	}
	if !found {
		return (any || values.match(k.any, nil)) && !values.match(k.not, nil)
	}
	return any
}

// match reports whether one of the patterns is that of a value.
func (f *folded) match(patterns []pattern, value []byte) bool {
	for i := range patterns {
		f.work += patterns[i].glob.cost(len(value))
		if patterns[i].glob.match(value) {
			return true
		}
	}
	return false
}

// Weight says how much it costs to try the filter, in patterns of the plainest
// kind.
func (f Filter) Weight() (n int) {
	for i := range f.keys {
		for _, list := range [][]pattern{f.keys[i].any, f.keys[i].not} {
			for j := range list {
				n += max(1, list[j].glob.steps())
			}
		}
	}
	return n
}
