// Package prism is the door for senders to TwistedPrism: one line of text to a
// socket (netcat), or an HTTP request, becomes a message in channels and to
// people. The mapping to an event:
//
//	text    message
//	client  the name that the sender has proven with its secret
//	key     key, which the original does not have: a repeat is one event
//
// "users" and "channels" say where it goes, "name" and "secret" who sends it.
// Everything else that the request has keeps its name.
package prism

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Message is what a sender wants to be told to others.
type Message struct {
	Text            string
	Users, Channels []string // nil: the defaults; empty: none
	Name, Secret    string   // who says he is the sender, and his proof
	Key             string
	Rest            ircbus.Fields // what else there is, under the sender's names
	Omitted         int           // values that are not in Rest
}

// maxTargets is to how many users, and channels, one message may go.
const maxTargets = 64

// own are the names that have a meaning here.
var own = []string{"message", "users", "channels", "name", "secret", "key"}

// errNoMessage is the original's word for it.
var errNoMessage = ircbus.Refuse(ircbus.InvalidEvent, "message not specified")

// ParseJSON reads an object like {"message":"…","users":["anna"],"channels":["#ops"]}.
// The error is an *ircbus.Refusal.
func ParseJSON(text []byte) (*Message, error) {
	given, err := mapping.ReadObject(text)
	if err != nil {
		return nil, err
	}
	raw := given.Flat()
	m := &Message{Text: raw.Get("message"), Name: raw.Get("name"), Secret: raw.Get("secret"), Key: raw.Get("key")}
	m.Users = targets(given.At("users"))
	m.Channels = targets(given.At("channels"))
	m.Rest, m.Omitted = raw.Without(own...).Fields, raw.Omitted
	for i, more := range slices.Collect(raw.Values("message")) { // of a list
		if i > 0 {
			m.Rest = append(m.Rest, ircbus.Field{Key: "message", Value: more})
		}
	}
	return m, m.check()
}

// ParseValues reads the parameters of a request's address, or a form: users and
// channels may be repeated or have commas between them. The error is an
// *ircbus.Refusal.
func ParseValues(text string) (*Message, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the parameters are not URL-encoded: %v", err)
	}
	m := &Message{Text: values.Get("message"), Name: values.Get("name"), Secret: values.Get("secret"), Key: values.Get("key")}
	if values.Has("users") {
		m.Users = split(values["users"])
	}
	if values.Has("channels") {
		m.Channels = split(values["channels"])
	}
	names := make([]string, 0, len(values))
	for name := range values {
		if !slices.Contains(own, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range values[name] {
			m.Rest = append(m.Rest, ircbus.Field{Key: name, Value: value})
		}
	}
	return m, m.check()
}

// ParseLine reads a line of the socket: a JSON object that has a message, or
// else a text for the defaults. It returns nil for an empty line. The error is an
// *ircbus.Refusal.
func ParseLine(line []byte) (*Message, error) {
	line = bytes.Trim(mapping.JSONText(line), " \t\v\f\r\n\x00")
	if len(line) == 0 {
		return nil, nil
	}
	if line[0] == '{' {
		if given, err := mapping.ReadObject(line); err == nil && given.Has("message") {
			return ParseJSON(line)
		}
	}
	return &Message{Text: string(line)}, nil
}

func (m *Message) check() error {
	switch {
	case m.Text == "":
		return errNoMessage
	case len(m.Users) > maxTargets || len(m.Channels) > maxTargets:
		return ircbus.Refuse(ircbus.EventTooLarge, "the message is for %d users and %d channels, the limit is %d each", len(m.Users), len(m.Channels), maxTargets)
	}
	return nil
}

// targets are the names in a list, or in a text with commas; nil if there is no
// such field.
func targets(given mapping.Value) []string {
	if given.IsList() {
		return append([]string{}, given.Texts()...)
	}
	if given.IsString() || given.Text() != "" {
		return split(given.Texts())
	}
	return nil
}

// split splits at commas; the result is never nil.
func split(values []string) []string {
	names := []string{}
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
