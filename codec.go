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

// encodedLen is the length, in bytes, of what Encode returns.
func (f Fields) encodedLen() int {
	n := max(0, len(f)-1) // ampersands
	for _, field := range f {
		n += escapedLen(field.Key, true) + len("=") + escapedLen(field.Value, false)
	}
	return n
}

func escapedLen(s string, isKey bool) int {
	n := len(s)
	for i := 0; i < len(s); {
		width := literal(s[i:], isKey)
		if i += width; i == len(s) {
			break
		}
		if s[i] != ' ' {
			n += len("%XX") - 1
		}
		i++
	}
	return n
}

func appendEscaped(dst []byte, s string, isKey bool) []byte {
	for i := 0; i < len(s); i++ {
		width := literal(s[i:], isKey)
		dst = append(dst, s[i:i+width]...)
		if i += width; i == len(s) {
			break
		}
		if s[i] == ' ' {
			dst = append(dst, '+')
		} else {
			dst = append(dst, '%', upperHex[s[i]>>4], upperHex[s[i]&15])
		}
	}
	return dst
}

// literal returns how many bytes at the start of s are written as they are.
func literal(s string, isKey bool) int {
	i := 0
	for i < len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				return i
			}
			i += size
		case escaped[c] || c == '=' && isKey:
			return i
		default:
			i++
		}
	}
	return i
}

// escaped are the bytes below 128 that no text has as they are.
var escaped = func() (t [utf8.RuneSelf]bool) {
	for c := range t {
		t[c] = c <= ' ' || c == 127 || strings.IndexByte("%&+#;", byte(c)) >= 0
	}
	return t
}()

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
	if escaped[c] || c == '=' && isKey {
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
