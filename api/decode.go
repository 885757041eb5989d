package api

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

var (
	errNoEvent = ircbus.Refuse(ircbus.InvalidEvent, "the body has no event")
	errNotUTF8 = ircbus.Refuse(ircbus.InvalidEvent, "the body is not UTF-8, as JSON must be")
	errMany    = ircbus.Refuse(ircbus.EventTooLarge, "the body has more than %d events; send them in several requests", MaxBatch)
)

// decodeForm reads one event as a query string.
func decodeForm(body []byte) ([]ircbus.Fields, error) {
	body = bytes.TrimRight(body, "\r\n") // a file's line end is not part of a value
	if len(body) == 0 {
		return nil, errNoEvent
	}
	fields, err := ircbus.Parse(string(body))
	if err != nil {
		return nil, err
	}
	return []ircbus.Fields{fields}, nil
}

// decodeJSON reads one event, or an array of events.
func decodeJSON(body []byte) ([]ircbus.Fields, error) {
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, errNoEvent
	}
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	if trimmed[0] == '[' {
		return decodeArray(body)
	}
	fields, err := ircbus.ParseJSON(body)
	if err != nil {
		return nil, err
	}
	return []ircbus.Fields{fields}, nil
}

func decodeArray(body []byte) ([]ircbus.Fields, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if _, err := d.Token(); err != nil { // the bracket
		return nil, err
	}
	var batch []ircbus.Fields
	for d.More() {
		fields, err := ircbus.DecodeJSON(d)
		if err == io.EOF {
			break // the check below says that the array does not end
		}
		if err != nil {
			return nil, inBatch(len(batch), err)
		}
		if batch = append(batch, fields); len(batch) > MaxBatch {
			return nil, errMany
		}
	}
	if token, err := d.Token(); err != nil || token != json.Delim(']') {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: the array does not end")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "something follows the JSON array")
	}
	if len(batch) == 0 {
		return nil, errNoEvent
	}
	return batch, nil
}

// decodeLines reads an event from every line that is not empty.
func decodeLines(body []byte) ([]ircbus.Fields, error) {
	if !utf8.Valid(body) {
		return nil, errNotUTF8
	}
	var batch []ircbus.Fields
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(batch) == MaxBatch {
			return nil, errMany
		}
		fields, err := ircbus.ParseJSON(line)
		if err != nil {
			return nil, inBatch(len(batch), err)
		}
		batch = append(batch, fields)
	}
	if len(batch) == 0 {
		return nil, errNoEvent
	}
	return batch, nil
}
