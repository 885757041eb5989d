package ircbus

import (
	"strings"
	"unsafe"
)

// Arena is memory for the fields of many events: taken for many at a time and,
// with Reset, the same again and again. The zero value is ready for use.
type Arena struct {
	fields Fields // those given out, with room for more
	text   []byte // given out as strings, with room for more
}

// Parse is the function Parse. What it returns is good until Reset.
func (a *Arena) Parse(query string) (Fields, error) {
	a.reserve(min(strings.Count(query, "&")+1, MaxFields+2))
	begin := len(a.fields)
	fields, err := a.append(a.fields, query, false)
	if err != nil {
		return nil, err
	}
	a.fields = fields
	return fields[begin:len(fields):len(fields)], nil
}

// Fill is w.Fill. What it returns is good until Reset.
func (a *Arena) Fill(w *Wiki, fields Fields) Fields {
	a.reserve(len(fields) + len(w.templates()))
	if a.text == nil {
		a.text = make([]byte, 0, 256)
	}
	begin := len(a.fields)
	filled := append(a.fields, fields...)
	for _, t := range w.templates() {
		if t.template == "" || fields.Has(t.key) {
			continue
		}
		if text, ok := appendExpanded(a.text, t.template, fields); ok {
			filled = append(filled, Field{t.key, a.given(text)})
		}
	}
	if len(filled)-begin == len(fields) {
		return fields
	}
	a.fields = filled
	return filled[begin:len(filled):len(filled)]
}

// Reset takes back the memory of everything that the arena has given out, strings
// too. Nobody may use them any more.
func (a *Arena) Reset() { a.fields, a.text = a.fields[:0], a.text[:0] }

// reserve makes room for n fields.
func (a *Arena) reserve(n int) {
	if n > cap(a.fields)-len(a.fields) {
		a.fields = make(Fields, 0, max(n, 2*cap(a.fields)))
	}
}

// given makes what was appended to text a string, which is not written to again
// before Reset.
func (a *Arena) given(text []byte) string {
	begin := len(a.text)
	a.text = text
	if begin == len(text) {
		return ""
	}
	return unsafe.String(&text[begin], len(text)-begin)
}

// append appends the fields of a query string to dst; with parts it also allows
// keys that end in "~".
func (a *Arena) append(dst Fields, query string, parts bool) (Fields, error) {
	begin := len(dst)
	for pair, rest := "", query; rest != ""; {
		if i := strings.IndexByte(rest, '&'); i >= 0 {
			pair, rest = rest[:i], rest[i+1:]
		} else {
			pair, rest = rest, ""
		}
		if pair == "" {
			continue
		}
		field, err := a.pair(pair, parts)
		if err != nil {
			return nil, err
		}
		// The two extra places are for the id and part of a packed line.
		if len(dst)-begin == MaxFields+2 {
			return nil, Refuse(EventTooLarge, "the event has more than %d fields", MaxFields)
		}
		dst = append(dst, field)
	}
	return dst, nil
}

func (a *Arena) pair(pair string, parts bool) (Field, error) {
	rawKey, rawValue := pair, ""
	if i := strings.IndexByte(pair, '='); i >= 0 {
		rawKey, rawValue = pair[:i], pair[i+1:]
	}
	key, ok := a.unescape(rawKey)
	if !ok {
		return Field{}, Refuse(InvalidEvent, "the field name %q has a %% that two hex digits must follow", clip(rawKey))
	}
	name := key
	if parts {
		name = strings.TrimSuffix(key, "~")
	}
	if err := checkKey(name); err != nil {
		return Field{}, err
	}
	value, ok := a.unescape(rawValue)
	if !ok {
		return Field{}, Refuse(InvalidEvent, "the value of %q has a %% that two hex digits must follow", name)
	}
	return Field{key, ToUTF8(value)}, nil
}

// unescape undoes + and %XX; ok is false if a % stands without two hex digits.
func (a *Arena) unescape(s string) (_ string, ok bool) {
	literal := 0
	for ; literal < len(s) && s[literal] != '+' && s[literal] != '%'; literal++ {
	}
	if literal == len(s) {
		return s, true
	}
	if len(s) > cap(a.text)-len(a.text) {
		a.text = make([]byte, 0, max(len(s), 2*cap(a.text)))
	}
	out := append(a.text, s[:literal]...)
	for i := literal; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return "", false
			}
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return a.given(out), true
}
