package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// Limits of foreign JSON. They are wider than an event's: what is beyond them, or
// does not fit into the event, is left out and counted.
const (
	maxDepth = 16
	maxNodes = 128 << 10 // values, objects and arrays that are kept in memory
)

// Value is JSON of which each member is read by itself: a member of another type
// than the reader expects is empty, and refuses nothing else.
type Value struct {
	text     string   // of a string, a number as it was written, or true: "1"
	names    []string // of an object's members
	inner    []Value  // an object's members, or an array's elements
	kind     json.Delim
	isString bool
	isFalse  bool
	left     int // values within it that are beyond the limits
}

// Read reads one JSON value. The error is an *ircbus.Refusal.
func Read(text []byte) (Value, error) {
	r := jsonReader{d: json.NewDecoder(bytes.NewReader(JSONText(text)))}
	r.d.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return Value{}, jsonError(err, r.d.InputOffset())
	}
	if _, err := r.d.Token(); err != io.EOF {
		return Value{}, ircbus.Refuse(ircbus.InvalidEvent, "something follows the JSON")
	}
	v.left = r.left
	return v, nil
}

// ReadObject is Read of an object.
func ReadObject(text []byte) (Value, error) {
	v, err := Read(text)
	if err == nil && !v.IsObject() {
		return Value{}, ircbus.Refuse(ircbus.InvalidEvent, "there is no JSON object")
	}
	return v, err
}

// JSONText returns JSON as UTF-8 without a byte order mark: Go's decoder takes neither
// the mark nor letters of another charset.
func JSONText(text []byte) []byte {
	if text = ircbus.TrimBOM(text); utf8.Valid(text) {
		return text
	}
	return []byte(ircbus.ToUTF8(string(text)))
}

func jsonError(err error, at int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: it ends in the middle, at byte %d", at)
	}
	return ircbus.Refuse(ircbus.InvalidEvent, "broken JSON near byte %d: %v", at, err)
}

// jsonReader reads a value with its limits.
type jsonReader struct {
	d     *json.Decoder
	nodes int
	left  int // values beyond the limits
}

// value reads the next value.
func (r *jsonReader) value(depth int) (v Value, err error) {
	token, err := r.d.Token()
	if err != nil {
		return v, err
	}
	r.nodes++
	switch t := token.(type) {
	case string:
		v.text, v.isString = t, true
	case json.Number:
		v.text = t.String()
	case bool:
		if v.isFalse = !t; t {
			v.text = "1"
		}
	case json.Delim:
		v.kind = t
		return v, r.members(&v, depth+1)
	}
	return v, nil
}

// members reads an object or an array after its opening delimiter.
func (r *jsonReader) members(v *Value, depth int) error {
	for r.d.More() {
		name := ""
		if v.kind == '{' {
			token, err := r.d.Token()
			if err != nil {
				return err
			}
			name = token.(string) // the decoder allows nothing else here
		}
		if depth > maxDepth || r.nodes >= maxNodes {
			if err := r.skip(); err != nil {
				return err
			}
			continue
		}
		inner, err := r.value(depth)
		if err != nil {
			return err
		}
		v.inner = append(v.inner, inner)
		if v.kind == '{' {
			v.names = append(v.names, name)
		}
	}
	_, err := r.d.Token() // the closing delimiter
	return err
}

// skip reads the next value and only counts what it has in it.
func (r *jsonReader) skip() error {
	for depth := 0; ; {
		token, err := r.d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		default: // names of members count, too; better too many than none
			if token != nil && token != false && token != "" {
				r.left++
			}
		}
		if depth == 0 {
			return nil
		}
	}
}

// IsObject reports whether the value is an object.
func (v Value) IsObject() bool { return v.kind == '{' }

// IsList reports whether the value is an array.
func (v Value) IsList() bool { return v.kind == '[' }

// IsString reports whether the value is a string.
func (v Value) IsString() bool { return v.isString }

// IsFalse reports whether the value is false, and neither null nor missing.
func (v Value) IsFalse() bool { return v.isFalse }

// At returns the member under these names, each in the one before it; an empty
// value if there is none.
func (v Value) At(names ...string) Value {
	for _, name := range names {
		i := slices.Index(v.names, name)
		if i < 0 {
			return Value{}
		}
		v = v.inner[i]
	}
	return v
}

// Text returns a value that is a text.
func Text(text string) Value { return Value{text: text, isString: true} }

// List returns a value that is an array.
func List(elements []Value) Value { return Value{kind: '[', inner: elements} }

// Object returns a value that is an object.
func Object(names []string, members []Value) Value {
	return Value{kind: '{', names: names, inner: members}
}

// In returns an object that has the value as its one member.
func (v Value) In(name string) Value {
	return Value{kind: '{', names: []string{name}, inner: []Value{v}, left: v.left}
}

// Without returns an object without the members of these names.
func (v Value) Without(names ...string) Value {
	less := Value{kind: v.kind, left: v.left}
	for i, name := range v.names {
		if !slices.Contains(names, name) {
			less.names, less.inner = append(less.names, name), append(less.inner, v.inner[i])
		}
	}
	return less
}

// Omitted returns how many values of what was read are beyond the limits of JSON;
// 0 of a member.
func (v Value) Omitted() int { return v.left }

// Has reports whether an object has a member of this name.
func (v Value) Has(name string) bool { return slices.Contains(v.names, name) }

// Names returns the names of an object's members.
func (v Value) Names() []string { return v.names }

// List returns the elements of an array, nil of anything else.
func (v Value) List() []Value {
	if v.kind != '[' {
		return nil
	}
	return v.inner
}

// Text returns the string, the number as it was written, or "1" for true, under
// these names; "" if there is something else, or nothing.
func (v Value) Text(names ...string) string { return v.At(names...).text }

// Texts returns the texts of an array under these names, or one text that stands
// in its place.
func (v Value) Texts(names ...string) (texts []string) {
	found := v.At(names...)
	if found.text != "" {
		return []string{found.text}
	}
	for _, element := range found.List() {
		if element.text != "" {
			texts = append(texts, element.text)
		}
	}
	return texts
}
