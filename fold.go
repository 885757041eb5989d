package ircbus

import (
	"unicode"
	"unicode/utf8"
)

// Costs of folding, in nanoseconds for each byte, and for each character that is
// not ASCII.
const (
	foldCost = 1
	wideCost = 30
)

// folded are the values of an event's fields as patterns are compared with them:
// each is folded once, when it is first asked for.
type folded struct {
	fields Fields
	text   []byte // memory of the values, used again for the next event
	spans  []span // of each field; end is -1 before it has been asked for
	work   int    // nanoseconds, about, of all that was done with them
}

type span struct{ start, end int }

// begin turns to another event.
func (f *folded) begin(fields Fields) {
	f.fields, f.text, f.spans = fields, f.text[:0], f.spans[:0]
	for range fields {
		f.spans = append(f.spans, span{0, -1})
	}
}

// value is that of the field with the number i, good until the next begin.
func (f *folded) value(i int) []byte {
	s := &f.spans[i]
	if s.end < 0 {
		value := f.fields[i].Value
		s.start = len(f.text)
		f.text = appendFolded(f.text, value)
		s.end = len(f.text)
		f.work += foldCost*len(value) + wideCost*wideRunes(value)
	}
	return f.text[s.start:s.end:s.end]
}

// wideRunes counts the characters that are not ASCII.
func wideRunes(s string) (n int) {
	for i := range len(s) {
		if s[i] >= 0xC0 {
			n++
		}
	}
	return n
}

// appendFolded appends s as patterns are compared.
func appendFolded(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			return appendFoldedRunes(dst, s[i:])
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

func appendFoldedRunes(dst []byte, s string) []byte {
	for _, r := range s {
		dst = utf8.AppendRune(dst, foldRune(r))
	}
	return dst
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
