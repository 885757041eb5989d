package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// Limits of foreign JSON. They are wider than an event's: what does not fit into
// the event is left out later, and counted.
const (
	maxDepth  = 16
	maxValues = 4096
)

// Flatten reads one JSON object into a flat list under the source's names,
// nested ones with dots ("labels.instance"), in the order of the text. Numbers
// stay as written, true is "1"; false, null and "" are left out, and arrays repeat
// their name. The error is an *ircbus.Refusal.
func Flatten(object []byte) (ircbus.Fields, error) {
	object = JSONText(object)
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if trimmed := bytes.TrimLeft(object, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there is no JSON object")
	}
	var raw ircbus.Fields
	if err := flatten(d, "", 0, &raw); err != nil {
		return nil, jsonError(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "something follows the JSON object")
	}
	return raw, nil
}

// Decode reads JSON into a value of Go's. The error is an *ircbus.Refusal.
func Decode(text []byte, value any) error {
	if err := json.Unmarshal(JSONText(text), value); err != nil {
		return jsonError(err)
	}
	return nil
}

// JSONText returns JSON as UTF-8 without a byte order mark: Go's decoder takes neither
// the mark nor letters of another charset.
func JSONText(text []byte) []byte {
	if text = ircbus.TrimBOM(text); utf8.Valid(text) {
		return text
	}
	return []byte(ircbus.ToUTF8(string(text)))
}

func jsonError(err error) error {
	if refusal := (*ircbus.Refusal)(nil); errors.As(err, &refusal) {
		return refusal
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: it ends in the middle")
	}
	return ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: %v", err)
}

// flatten reads the next value of d.
func flatten(d *json.Decoder, name string, depth int, raw *ircbus.Fields) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	value := ""
	switch v := token.(type) {
	case string:
		value = v
	case json.Number:
		value = v.String()
	case bool:
		if v {
			value = "1"
		}
	case json.Delim:
		if depth == maxDepth {
			return ircbus.Refuse(ircbus.InvalidEvent, "the JSON is nested more than %d deep", maxDepth)
		}
		return flattenInner(d, v, name, depth, raw)
	}
	if value == "" {
		return nil
	}
	if len(*raw) == maxValues {
		return ircbus.Refuse(ircbus.EventTooLarge, "the JSON has more than %d values", maxValues)
	}
	*raw = append(*raw, ircbus.Field{Key: name, Value: value})
	return nil
}

// flattenInner reads an object or an array after its opening delimiter.
func flattenInner(d *json.Decoder, open json.Delim, name string, depth int, raw *ircbus.Fields) error {
	for d.More() {
		inner := name
		if open == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			inner = dotted(name, token.(string)) // the decoder allows nothing else here
		}
		if err := flatten(d, inner, depth+1, raw); err != nil {
			return err
		}
	}
	_, err := d.Token() // the closing delimiter
	return err
}

// dotted puts a name behind its object's. Nesting cannot make names without bound.
func dotted(prefix, name string) string {
	if prefix == "" {
		return name[:min(len(name), maxName)]
	}
	prefix += "."
	return prefix + name[:min(len(name), max(maxName-len(prefix), 0))]
}

// maxName limits, in bytes, a dotted name, so that a few bytes of input cannot
// become many of names.
const maxName = 256
