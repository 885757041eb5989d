// Package mqtt takes what is published to an MQTT broker (MQTT 3.1.1), of which it is a
// client that subscribes. The mapping of a message to an event:
//
//	page       the topic
//	comment    the payload, if it is a text, a JSON string or number
//	text       "TOPIC: PAYLOAD", of a JSON object its message, text, summary, title, name,
//	           state, status or value, else the JSON
//	retained=1 if the broker had it from before
//
// The members of a JSON object keep their names; other payloads that are no text are
// payload_base64. A message has no id, so what is said twice is two events.
package mqtt

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// telling are the members of a JSON object that may be a sentence for people.
var telling = []string{"message", "text", "summary", "title", "name", "state", "status", "value"}

// Message is what somebody has published.
type Message struct {
	Topic    string
	Payload  []byte
	Retained bool // the broker had it from before
}

// Fields makes the event of a message. maxBody limits it, as mapping.Event.Fit says.
func (m *Message) Fields(maxBody int) ircbus.Fields {
	var e mapping.Event
	e.Add("page", m.Topic)
	line := m.keep(&e)
	e.Add("text", mapping.Sentence(m.Topic, line, ""))
	if m.Retained {
		e.Keep("retained", "1")
	}
	return e.Fit(maxBody)
}

// keep puts the payload into the event, and returns what is for people.
func (m *Message) keep(e *mapping.Event) (line string) {
	text := mapping.JSONText(m.Payload)
	value, err := mapping.Read(text)
	switch {
	case err == nil && value.IsObject():
		for _, name := range telling {
			if line = value.Text(name); line != "" {
				break
			}
		}
		if line == "" {
			line = string(text)
		}
		e.KeepFlat(value.Flat())
		return line
	case err == nil && value.IsString():
		line = value.Text()
	case isText(m.Payload):
		line = string(text)
	default:
		e.Keep("payload_base64", base64.StdEncoding.EncodeToString(m.Payload))
		return ""
	}
	e.Add("comment", line)
	return line
}

// isText tells a text, of whatever charset, from other payloads.
func isText(payload []byte) bool {
	if ircbus.HasBOM(payload) {
		return true
	}
	controls := func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\r\n\f\x1b", r) }
	if strings.ContainsFunc(string(payload), controls) {
		return false
	}
	return utf8.Valid(payload) || mostlyASCII(payload)
}

// mostlyASCII reports whether bytes that are no UTF-8 may be a text of another charset.
func mostlyASCII(payload []byte) bool {
	n := 0
	for _, c := range payload {
		if c >= utf8.RuneSelf {
			n++
		}
	}
	return 2*n <= len(payload)
}
