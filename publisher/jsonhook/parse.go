package jsonhook

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// maxBatch limits the events of one request.
const maxBatch = 1000

// Parse makes events of JSON: of an object one, of an array or of several values, as
// lines of JSON are, one of each. maxBody limits one event, as mapping.Event.Fit says.
// The error is an *ircbus.Refusal.
func (m *Mapping) Parse(body []byte, maxBody int) ([]ircbus.Fields, error) {
	values, err := decode(body)
	if err != nil {
		return nil, err
	}
	var elements []any
	for _, value := range values {
		list, err := m.elements(value)
		if err != nil {
			return nil, err
		}
		elements = append(elements, list...)
	}
	if len(elements) == 0 || len(elements) > maxBatch {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there are %d events in the JSON; 1 to %d are taken", len(elements), maxBatch)
	}
	events := make([]ircbus.Fields, len(elements))
	for i, element := range elements {
		if events[i], err = m.event(element, maxBody); err != nil {
			return nil, err
		}
	}
	return events, nil
}

// elements are the events in a value.
func (m *Mapping) elements(value any) ([]any, error) {
	if m.each != nil {
		found, _ := m.each.find(value)
		list, ok := found.([]any)
		if !ok {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "where the events should be there is no array of 1 to %d elements", maxBatch)
		}
		return list, nil
	}
	if list, ok := value.([]any); ok {
		return list, nil
	}
	return []any{value}, nil
}

// decode reads all values.
func decode(body []byte) (values []any, err error) {
	d := json.NewDecoder(bytes.NewReader(mapping.JSONText(body)))
	d.UseNumber()
	for len(values) <= maxBatch {
		var value any
		switch err := d.Decode(&value); {
		case err == io.EOF && len(values) > 0:
			return values, nil
		case err == io.EOF:
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "there is no JSON")
		case err != nil:
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: %v", err)
		}
		values = append(values, value)
	}
	return nil, ircbus.Refuse(ircbus.InvalidEvent, "there are more than %d values in the JSON", maxBatch)
}

// kindOf names a value that is no object.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []any:
		return "an array in an array"
	case nil:
		return "null"
	}
	return "true or false"
}

// event makes one event.
func (m *Mapping) event(element any, maxBody int) (ircbus.Fields, error) {
	object, ok := element.(map[string]any)
	if !ok {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "an event must be a JSON object, and this is %s", kindOf(element))
	}
	var e mapping.Event
	for _, f := range m.fields {
		values, err := f.values(object)
		if err != nil {
			return nil, err
		}
		for _, value := range values {
			switch {
			case f.key != "time":
				e.Add(f.key, value)
			case e.Fields.Has("time"): // there is but one
				e.Keep("time", value)
			default:
				e.AddTime(value)
			}
			if f.key == "key" {
				break // there is but one
			}
		}
	}
	if !m.only {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: %v", err)
		}
		raw, err := mapping.Flatten(text)
		if err != nil {
			return nil, err
		}
		e.KeepFlat(raw, m.taken...)
	}
	if len(e.Fields)+len(e.Rest) == 0 {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "there is nothing in the JSON of which to make an event")
	}
	for i, f := range e.Fields {
		if f.Key == "key" {
			e.Fields[i].Value = mapping.Key(f.Value) // however long it is
		}
	}
	return e.Fit(maxBody), nil
}

// values are what a field has in an event: of an array of texts and numbers each.
func (f field) values(object map[string]any) ([]string, error) {
	switch {
	case f.template != nil:
		value, err := execute(f.template, object)
		return []string{value}, err
	case f.pointer == nil:
		return []string{f.text}, nil
	}
	found, ok := f.pointer.find(object)
	if !ok {
		return nil, nil
	}
	text, err := json.Marshal(map[string]any{"v": found})
	if err != nil {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: %v", err)
	}
	raw, err := mapping.Flatten(text)
	if err != nil {
		return nil, err
	}
	var values []string
	for _, field := range raw.Fields {
		if field.Key != "v" { // an object: as it is
			whole, err := json.Marshal(found)
			return []string{string(whole)}, err
		}
		values = append(values, field.Value)
	}
	return values, nil
}
