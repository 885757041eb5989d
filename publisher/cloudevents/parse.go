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
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	case "application/cloudevents+json", "application/cloudevents-batch+json":
		events, err = structured(body)
	default:
		if header.Get("Ce-Specversion") == "" {
			return nil, ircbus.Refuse(ircbus.InvalidEvent,
				"this is no CloudEvent: it has neither the header ce-specversion nor the Content-Type application/cloudevents+json or application/cloudevents-batch+json")
		}
		events = make([]cloudEvent, 1)
		events[0], err = binary(header, body, mediaType)
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
	attributes mapping.Flat // context attributes, by name
	data       []byte       // text or bytes
	json       *mapping.Value
}

// binary reads attributes from headers, and the body as data.
func binary(header http.Header, body []byte, mediaType string) (e cloudEvent, err error) {
	for name, values := range header {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), "ce-")
		if !ok {
			continue
		}
		for _, value := range values {
			if decoded, err := url.PathUnescape(value); err == nil { // HTTP binding, 3.1.3.2
				value = decoded
			}
			e.attributes.Fields = append(e.attributes.Fields, ircbus.Field{Key: attribute, Value: value})
		}
	}
	e.sort()
	if contentType := header.Get("Content-Type"); contentType != "" {
		e.attributes.Fields = append(e.attributes.Fields, ircbus.Field{Key: "datacontenttype", Value: contentType})
	}
	if !isJSON(mediaType) || len(body) == 0 {
		e.data = body
		return e, nil
	}
	value, err := mapping.Read(body)
	if err != nil {
		return e, ircbus.Refuse(ircbus.InvalidEvent, "the data is not the JSON that its datacontenttype says: %v", err)
	}
	e.json = &value
	return e, nil
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json") || mediaType == "text/json"
}

// isText reports whether data of the type is characters, of some charset.
func isText(mediaType string) bool {
	return isJSON(mediaType) || strings.HasPrefix(mediaType, "text/") || mediaType == "application/xml" || strings.HasSuffix(mediaType, "+xml")
}

// sort makes the order of the attributes the same in all modes.
func (c *cloudEvent) sort() {
	slices.SortStableFunc(c.attributes.Fields, func(a, b ircbus.Field) int { return strings.Compare(a.Key, b.Key) })
}

// structured reads an event in the JSON format (CloudEvents JSON format, 3), or a
// batch of them.
func structured(body []byte) ([]cloudEvent, error) {
	value, err := mapping.Read(body)
	if err != nil {
		return nil, err
	}
	objects := []mapping.Value{value}
	if value.IsList() {
		objects = value.List()
	}
	if len(objects) == 0 || len(objects) > maxBatch {
		return make([]cloudEvent, len(objects)), nil // for Parse to refuse
	}
	events := make([]cloudEvent, len(objects))
	for i, object := range objects {
		if !object.IsObject() {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "an event must be a JSON object")
		}
		e := &events[i]
		if object.Has("data") {
			data := object.At("data")
			e.json = &data
		}
		without := []string{"data"}
		if bytes, err := base64.StdEncoding.DecodeString(object.Text("data_base64")); err == nil && len(bytes) > 0 {
			e.data = bytes
			without = append(without, "data_base64")
		}
		e.attributes = object.Without(without...).Flat()
		e.sort()
	}
	events[0].attributes.Omitted += value.Omitted()
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
	read := []string{"specversion"}
	if at, ok := mapping.ParseTime(a.Get("time")); ok { // else it is kept as it is
		e.Add("time", ircbus.FormatTime(at))
		read = append(read, "time")
	}
	e.KeepFlat(a.Without(read...), "subject")
	text, line := c.keepData(&e)
	e.Add("comment", text)
	e.Add("text", mapping.Sentence(strings.TrimSpace(a.Get("type")+" "+a.Get("subject"))+" from "+a.Get("source"), line, ""))
	e.Add("key", mapping.Key(a.Get("source"), a.Get("id")))
	return e.Fit(maxBody), nil
}

// telling are the members of a JSON object that may be a sentence for people.
var telling = []string{"data.message", "data.text", "data.summary", "data.title", "data.name"}

// keepData puts the data into the event. It returns data that is a text, and of
// all data what is for people.
func (c cloudEvent) keepData(e *mapping.Event) (text, line string) {
	if utf8.Valid(c.data) {
		text = string(c.data)
	} else {
		e.Keep("data_base64", base64.StdEncoding.EncodeToString(c.data))
	}
	switch {
	case c.json == nil:
		return text, text
	case c.json.IsString() && text == "":
		return c.json.Text(), c.json.Text()
	}
	raw := c.json.In("data").Flat()
	e.KeepFlat(raw)
	for _, name := range telling {
		if line = raw.Get(name); line != "" {
			break
		}
	}
	return text, line
}
