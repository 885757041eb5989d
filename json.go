package ircbus

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the event object of docs/protocol.md, "Getting old
// events", without a line end: {"id":1,"at":"…","channel":"#x","publisher":"x",
// "fields":{"page":"A","tag":["a","b"]}}. A repeated key is an array.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, uint64(e.ID), 10)
	dst = append(dst, `,"at":"`...)
	dst = AppendTime(dst, e.At)
	dst = append(dst, `","channel":`...)
	dst = appendJSONString(dst, e.Channel)
	dst = append(dst, `,"publisher":`...)
	dst = appendJSONString(dst, e.Publisher)
	dst = append(dst, `,"fields":`...)
	dst = e.Fields.AppendJSON(dst)
	return append(dst, '}')
}

// MarshalJSON implements json.Marshaler with AppendJSON's object.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// UnmarshalJSON reads the object that AppendJSON writes.
func (e *Event) UnmarshalJSON(data []byte) error {
	var object struct {
		ID        ID              `json:"id"`
		At        string          `json:"at"`
		Channel   string          `json:"channel"`
		Publisher string          `json:"publisher"`
		Fields    json.RawMessage `json:"fields"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	at, err := time.Parse(time.RFC3339Nano, object.At)
	if err != nil {
		return err
	}
	fields, err := ParseJSON(object.Fields)
	if err != nil {
		return err
	}
	*e = Event{ID: object.ID, At: at.UTC(), Channel: object.Channel, Publisher: object.Publisher, Fields: fields}
	return nil
}

// AppendJSON appends the fields as one JSON object, which ParseJSON reads. A
// repeated key is an array.
func (f Fields) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, field := range f {
		if f[:i].Has(field.Key) {
			continue // written with the first of its key
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJSONString(dst, field.Key)
		dst = append(dst, ':')
		if !f[i+1:].Has(field.Key) {
			dst = appendJSONString(dst, field.Value)
			continue
		}
		dst = append(dst, '[')
		n := 0
		for value := range f[i:].Values(field.Key) {
			if n > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, value)
			n++
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// jsonPlain are the bytes that stand for themselves in a JSON string.
var jsonPlain = func() (table [256]bool) {
	for c := ' '; c < 127; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// appendJSONString writes letters of any script as they are.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		if jsonPlain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if size > 1 && r != '\u2028' && r != '\u2029' {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		switch r {
		case '"', '\\':
			dst = append(dst, '\\', byte(r))
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', lowerHex[r>>12&15], lowerHex[r>>8&15], lowerHex[r>>4&15], lowerHex[r&15])
		}
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

const lowerHex = "0123456789abcdef"

// ParseJSON reads an event's fields from one JSON object
// (docs/protocol.md, "Publishing over HTTP"): strings and numbers are values,
// true is 1, false and null leave the field out, arrays repeat the key, nested
// objects make dotted keys. The order is that of the text. Like Parse it leaves
// the final check to Accept. The error is a *Refusal.
func ParseJSON(object []byte) (Fields, error) {
	if fields, ok := parseFlat(object); ok {
		return fields, nil
	}
	return parseNested(object)
}

// parseNested is ParseJSON for every object.
func parseNested(object []byte) (Fields, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	fields, err := DecodeJSON(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, Refuse(InvalidEvent, "something follows the JSON object")
	}
	return fields, nil
}

// DecodeJSON reads the next JSON object from d, which must have UseNumber set,
// as ParseJSON does. A syntax error is a *Refusal; at the end of the input it
// returns io.EOF.
func DecodeJSON(d *json.Decoder) (Fields, error) {
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err == nil && token != json.Delim('{') {
		return nil, Refuse(InvalidEvent, "an event must be a JSON object")
	}
	var fields Fields
	if err == nil {
		err = decodeObject(d, "", 0, &fields)
	}
	if err == nil {
		return fields, nil
	}
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return nil, refusal
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, Refuse(InvalidEvent, "broken JSON near byte %d: %v", syntax.Offset, err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, Refuse(InvalidEvent, "broken JSON: it ends in the middle")
	}
	return nil, err // of the reader below d
}

// maxDepth bounds the recursion into nested objects and arrays.
const maxDepth = 16

// decodeObject reads what follows an opening brace.
func decodeObject(d *json.Decoder, prefix string, depth int, fields *Fields) error {
	for {
		token, err := d.Token()
		if err != nil {
			return unexpectedEOF(err)
		}
		key, isKey := token.(string)
		if !isKey { // the decoder allows only the closing brace here
			return nil
		}
		if err := decodeValue(d, prefix+key, depth, fields); err != nil {
			return err
		}
	}
}

func decodeValue(d *json.Decoder, key string, depth int, fields *Fields) error {
	token, err := d.Token()
	if err != nil {
		return unexpectedEOF(err)
	}
	value := ""
	switch v := token.(type) {
	case string:
		value = v
	case json.Number:
		value = v.String()
	case bool:
		if !v {
			return nil
		}
		value = "1"
	case nil:
		return nil
	case json.Delim:
		if depth == maxDepth {
			return Refuse(InvalidEvent, "the JSON is nested more than %d deep", maxDepth)
		}
		if v == '{' {
			return decodeObject(d, key+".", depth+1, fields)
		}
		for d.More() {
			if err := decodeValue(d, key, depth+1, fields); err != nil {
				return err
			}
		}
		_, err := d.Token()
		return unexpectedEOF(err)
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if len(*fields) == MaxFields {
		return Refuse(EventTooLarge, "the event has more than %d fields", MaxFields)
	}
	*fields = append(*fields, Field{key, value})
	return nil
}

func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
