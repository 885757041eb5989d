package ircbus

import (
	"strings"
	"unicode/utf8"
)

// Encode writes the fields in their canonical query-string form
// (docs/protocol.md, "Writing"): letters of any script stay as they are.
func (f Fields) Encode() string { return string(f.Append(nil)) }

// Append appends what Encode returns to dst.
func (f Fields) Append(dst []byte) []byte {
	for i, field := range f {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, field.Key, true)
		dst = append(dst, '=')
		dst = appendEscaped(dst, field.Value, false)
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

func appendEscaped(dst []byte, s string, isKey bool) []byte {
	for i := 0; i < len(s); {
		n := escapeWidth(s[i:], isKey)
		switch {
		case n > 0: // literal
			dst = append(dst, s[i:i+n]...)
			i += n
			continue
		case s[i] == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', upperHex[s[i]>>4], upperHex[s[i]&15])
		}
		i++
	}
	return dst
}

// escapeWidth returns how many bytes at the start of s are written literally as
// one character, or 0 if the first byte is written in another way.
func escapeWidth(s string, isKey bool) int {
	c := s[0]
	if c >= utf8.RuneSelf {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			return 0
		}
		return size
	}
	switch {
	case c <= ' ', c == 127, c == '%', c == '&', c == '+', c == '#', c == ';', c == '=' && isKey:
		return 0
	}
	return 1
}

// Parse reads a query string leniently as docs/protocol.md, "Reading", says:
// any order, + or %20, either hex case, anything escaped or literal, empty
// values, a bare key, repeated keys; bytes that are not UTF-8 count as Latin-1.
// It checks names and the number of fields; reserved keys are Accept's affair.
// The error is always a *Refusal.
func Parse(query string) (Fields, error) { return parse(query, false) }

// parse also allows, for the lines of a long event, keys that end in "~".
func parse(query string, parts bool) (Fields, error) {
	room := make(Fields, 0, min(strings.Count(query, "&")+1, MaxFields))
	return new(Arena).append(room, query, parts)
}

func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	default:
		return c - '0'
	}
}
