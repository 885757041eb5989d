package ircbus

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// parseFlat is ParseJSON for what nearly every event is: an object of strings,
// numbers, true, false and null. It is several times as fast as a decoder for
// everything. ok is false for all else, also for what is wrong: ParseJSON then
// looks again, and says what.
func parseFlat(object []byte) (fields Fields, ok bool) {
	f := flatScanner{rest: string(object)}
	if !utf8.ValidString(f.rest) || !f.next('{') {
		return nil, false
	}
	fields = make(Fields, 0, min(strings.Count(f.rest, `":`), MaxFields))
	for more := true; more; more = f.next(',') {
		key, isText := f.text()
		if !isText || !f.next(':') {
			return nil, false
		}
		value, present, isFlat := f.value()
		switch {
		case !isFlat:
			return nil, false
		case !present:
			continue
		case len(fields) == MaxFields || checkKey(key) != nil:
			return nil, false
		}
		fields = append(fields, Field{key, value})
	}
	ends := f.next('}')
	f.space()
	return fields, ends && f.rest == "" && len(fields) > 0
}

// flatScanner takes one token after the other from what is left of a text.
type flatScanner struct{ rest string }

func (f *flatScanner) space() { f.rest = strings.TrimLeft(f.rest, " \t\r\n") }

// next takes a character, after blanks.
func (f *flatScanner) next(c byte) bool {
	if f.rest != "" && f.rest[0] <= ' ' {
		f.space()
	}
	if f.rest == "" || f.rest[0] != c {
		return false
	}
	f.rest = f.rest[1:]
	return true
}

// text takes a string.
func (f *flatScanner) text() (_ string, ok bool) {
	if !f.next('"') {
		return "", false
	}
	escaped := false
	for i := 0; i < len(f.rest); i++ {
		switch c := f.rest[i]; {
		case c == '"':
			text := f.rest[:i]
			f.rest = f.rest[i+1:]
			if escaped && json.Unmarshal([]byte(`"`+text+`"`), &text) != nil {
				return "", false
			}
			return text, true
		case c == '\\':
			escaped = true
			i++
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// value takes a value that is neither an object nor an array. It is present
// unless it leaves the field out.
func (f *flatScanner) value() (value string, present, ok bool) {
	f.space()
	for _, word := range [...]struct {
		name, value string
	}{{"true", "1"}, {"false", ""}, {"null", ""}} {
		if rest, found := strings.CutPrefix(f.rest, word.name); found {
			f.rest = rest
			return word.value, word.value != "", true
		}
	}
	if strings.HasPrefix(f.rest, `"`) {
		value, ok = f.text()
		return value, true, ok
	}
	n := numberLength(f.rest)
	value, f.rest = f.rest[:n], f.rest[n:]
	return value, true, n > 0
}

// numberLength is how many bytes at the beginning of s are a number in JSON; 0 if
// there is none (RFC 8259, section 6).
func numberLength(s string) int {
	digits := func(i int) int {
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		return i
	}
	start := 0
	if strings.HasPrefix(s, "-") {
		start = 1
	}
	i := digits(start)
	if i == start || s[start] == '0' && i > start+1 {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		end := digits(i + 1)
		if end == i+1 {
			return 0
		}
		i = end
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		first := i + 1
		if first < len(s) && (s[first] == '+' || s[first] == '-') {
			first++
		}
		if i = digits(first); i == first {
			return 0
		}
	}
	return i
}
