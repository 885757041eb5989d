package ircbus

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	any, not []string
}

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
	var f Filter
	for _, field := range fields {
		i := slices.IndexFunc(f.keys, func(k keyFilter) bool { return k.key == field.Key })
		if i < 0 {
			i = len(f.keys)
			f.keys = append(f.keys, keyFilter{key: field.Key})
		}
		if pattern, isNot := strings.CutPrefix(field.Value, "!"); isNot {
			f.keys[i].not = append(f.keys[i].not, pattern)
		} else {
			f.keys[i].any = append(f.keys[i].any, field.Value)
		}
	}
	return f, nil
}

// Match reports whether the event's fields pass. A missing field counts as
// empty; of a repeated one, any value may match. A tombstone always passes:
// whoever has seen its target must see it.
func (f Filter) Match(fields Fields) bool {
	if f.passes(fields) {
		return true
	}
	_, tombstone := fields.Redacts()
	return tombstone
}

// passes is Match for what is not a tombstone.
func (f Filter) passes(fields Fields) bool {
	for i := range f.keys {
		k := &f.keys[i]
		if len(k.any) > 0 && !matchAny(k.any, k.key, fields) || matchAny(k.not, k.key, fields) {
			return false
		}
	}
	return true
}

func matchAny(patterns []string, key string, fields Fields) bool {
	for _, pattern := range patterns {
		found := false
		for i := range fields {
			if fields[i].Key == key {
				found = true
				if glob(pattern, fields[i].Value) {
					return true
				}
			}
		}
		if !found && glob(pattern, "") {
			return true
		}
	}
	return false
}

// glob matches the whole of s, going back only to the last * it met, so that
// its cost is at most the product of the two lengths.
func glob(pattern, s string) bool {
	var afterStar, retry string
	starred := false
	for len(s) > 0 {
		if pattern != "" && pattern[0] == '*' {
			pattern = pattern[1:]
			afterStar, retry, starred = pattern, s, true
			continue
		}
		if pattern != "" {
			p, pn := utf8.DecodeRuneInString(pattern)
			r, rn := utf8.DecodeRuneInString(s)
			if p == '?' || foldRune(p) == foldRune(r) {
				pattern, s = pattern[pn:], s[rn:]
				continue
			}
		}
		if !starred {
			return false
		}
		_, n := utf8.DecodeRuneInString(retry)
		retry = retry[n:]
		pattern, s = afterStar, retry
	}
	return strings.Trim(pattern, "*") == ""
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(unicode.ToUpper(r))
}
