package ircbus

import (
	"strings"
	"unicode/utf8"
)

// Term is something that an index of values can be asked for: the values of a
// key that are equal to a text, or begin with it, once folded by FoldValue.
type Term struct {
	Key    string
	Value  string // folded; never empty
	Prefix bool   // whether more may follow
}

// Terms returns, for each of the keys of which the filter wants a value whose
// beginning is known, the terms one of which an event must have to pass. An event
// that passes has one of each list, or is a tombstone.
func (f Filter) Terms(keys ...string) (lists [][]Term) {
	for _, key := range keys {
		for i := range f.keys {
			if f.keys[i].key != key {
				continue
			}
			if list, ok := f.keys[i].terms(); ok {
				lists = append(lists, list)
			}
		}
	}
	return lists
}

// terms is Terms for one key; ok is false if any value may pass.
func (k *keyFilter) terms() (list []Term, ok bool) {
	for _, pattern := range k.any {
		literal := pattern.text
		if i := strings.IndexAny(literal, "*?"); i >= 0 {
			literal = literal[:i]
		}
		if literal == "" {
			return nil, false
		}
		list = append(list, Term{Key: k.key, Value: FoldValue(literal), Prefix: len(literal) < len(pattern.text)})
	}
	return list, len(list) > 0
}

// FoldValue returns s as filters compare it, without regard to case: two values
// that differ only in case are folded to the same.
func FoldValue(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return strings.Map(foldRune, s)
		}
	}
	return s
}
