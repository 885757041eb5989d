// Package cloudevents takes CloudEvents 1.0 over HTTP in the three content modes of
// the HTTP protocol binding: binary (ce- headers beside the data), structured
// (application/cloudevents+json) and batched (application/cloudevents-batch+json).
// The mapping to an event:
//
//	page       subject
//	action     type
//	time       time
//	comment    data, if it is a text, or a JSON string
//	text       "TYPE SUBJECT from SOURCE: DATA", of a JSON object its message,
//	           text, summary, title or name
//	key        from source and id, which CloudEvents promise to be unique together
//
// source, type, id_, datacontenttype, dataschema and extension attributes keep
// their names. Data that is a JSON object is kept as data.NAME, nested objects
// with more dots; other data that is no text as data_base64.
package cloudevents

import (
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// maxBatch limits the events of one request.
const maxBatch = 1000

// Parse reads a request of any content mode. maxBody limits one event, as
// mapping.Event.Fit says. The error is the answer.
func Parse(header http.Header, body []byte, maxBody int) ([]ircbus.Fields, error) {
	contentType := header.Get("Content-Type")
	mediaType, _, _ := mime.ParseMediaType(contentType) // "" if there is none, or a broken one
	var events []cloudEvent
	var err error
	if isText(mediaType) {
		if body, err = content.Text(contentType, body); err != nil {
			return nil, err
		}
	}
	switch mediaType {
	case "application/cloudevents+json":
		events, err = structured([]json.RawMessage{body})
	case "application/cloudevents-batch+json":
		var batch []json.RawMessage
		if err := mapping.Decode(body, &batch); err != nil {
			return nil, err
		}
		events, err = structured(batch)
	default:
		if header.Get("Ce-Specversion") == "" {
			return nil, ircbus.Refuse(ircbus.InvalidEvent,
				"this is no CloudEvent: it has neither the header ce-specversion nor the Content-Type application/cloudevents+json or application/cloudevents-batch+json")
		}
		events = []cloudEvent{binary(header, body, mediaType)}
	}
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || len(events) > maxBatch {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the batch has %d events; 1 to %d are taken", len(events), maxBatch)
	}
	all := make([]ircbus.Fields, len(events))
	for i, event := range events {
		if all[i], err = event.fields(maxBody); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// cloudEvent is one in any mode.
type cloudEvent struct {
	attributes ircbus.Fields // context attributes, in the source's order
	data       []byte
	isJSON     bool // else text or bytes
}

// binary reads attributes from headers, and the body as data.
func binary(header http.Header, body []byte, mediaType string) cloudEvent {
	e := cloudEvent{data: body, isJSON: isJSON(mediaType)}
	for name, values := range header {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		value := values[0]
		if decoded, err := url.PathUnescape(value); err == nil { // HTTP binding, 3.1.3.2
			value = decoded
		}
		e.attributes = append(e.attributes, ircbus.Field{Key: attribute, Value: value})
	}
	slices.SortFunc(e.attributes, func(a, b ircbus.Field) int { return strings.Compare(a.Key, b.Key) })
	if contentType := header.Get("Content-Type"); contentType != "" {
		e.attributes = append(e.attributes, ircbus.Field{Key: "datacontenttype", Value: contentType})
	}
	return e
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") || mediaType == "text/json"
}

// isText reports whether data of the type is characters, of some charset.
func isText(mediaType string) bool {
	return isJSON(mediaType) || strings.HasPrefix(mediaType, "text/") || mediaType == "application/xml" || strings.HasSuffix(mediaType, "+xml")
}

// structured reads events in the JSON format (CloudEvents JSON format, 3).
func structured(objects []json.RawMessage) ([]cloudEvent, error) {
	events := make([]cloudEvent, 0, min(len(objects), maxBatch+1))
	for _, object := range objects[:min(len(objects), maxBatch+1)] {
		var members map[string]json.RawMessage
		if err := mapping.Decode(object, &members); err != nil {
			return nil, err
		}
		e := cloudEvent{data: members["data"], isJSON: len(members["data"]) > 0}
		if encoded := members["data_base64"]; len(encoded) > 0 {
			if err := mapping.Decode(encoded, &e.data); err != nil {
				return nil, err
			}
			e.isJSON = false
		}
		delete(members, "data")
		delete(members, "data_base64")
		attributes, err := json.Marshal(members)
		if err != nil {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "broken JSON: %v", err)
		}
		if e.attributes, err = mapping.Flatten(attributes); err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// fields maps one event.
func (c cloudEvent) fields(maxBody int) (ircbus.Fields, error) {
	a := c.attributes
	if version := a.Get("specversion"); version != "1.0" && version != "0.3" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the specversion is %.20q; CloudEvents 1.0 are taken", version)
	}
	for _, required := range []string{"id", "source", "type"} {
		if a.Get(required) == "" {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "the CloudEvent has no %s", required)
		}
	}
	var e mapping.Event
	e.Add("page", a.Get("subject"))
	e.Add("action", a.Get("type"))
	if at, err := time.Parse(time.RFC3339Nano, a.Get("time")); err == nil {
		e.Add("time", ircbus.FormatTime(at))
	}
	e.KeepAll(a, "subject", "time", "specversion")
	text, line, err := c.keepData(&e)
	if err != nil {
		return nil, err
	}
	e.Add("comment", text)
	e.Add("text", mapping.Sentence(strings.TrimSpace(a.Get("type")+" "+a.Get("subject"))+" from "+a.Get("source"), line, ""))
	e.Add("key", mapping.Key(a.Get("source"), a.Get("id")))
	return e.Fit(maxBody), nil
}

// telling are the members of a JSON object that may be a sentence for people.
var telling = []string{"data.message", "data.text", "data.summary", "data.title", "data.name"}

// keepData puts the data into the event. It returns data that is a text, and of
// all data what is for people.
func (c cloudEvent) keepData(e *mapping.Event) (text, line string, err error) {
	switch {
	case len(c.data) == 0:
		return "", "", nil
	case !c.isJSON && utf8.Valid(c.data):
		return string(c.data), string(c.data), nil
	case !c.isJSON:
		e.Keep("data_base64", base64.StdEncoding.EncodeToString(c.data))
		return "", "", nil
	}
	if !json.Valid(c.data) {
		return "", "", ircbus.Refuse(ircbus.InvalidEvent, "the data is not the JSON that its datacontenttype says")
	}
	if err := json.Unmarshal(c.data, &text); err == nil {
		return text, text, nil
	}
	raw, err := mapping.Flatten(slices.Concat([]byte(`{"data":`), c.data, []byte("}")))
	if err != nil {
		return "", "", err
	}
	e.KeepAll(raw)
	for _, name := range telling {
		if line = raw.Get(name); line != "" {
			break
		}
	}
	return "", line, nil
}
