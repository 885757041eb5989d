// Package irker is the door for what is written for irker, Eric S. Raymond's
// relay: JSON objects by TCP or UDP, port 6659, as irkerhook (git, Subversion,
// Mercurial), GitLab and others send them. Their configuration stays as it is:
// this takes the place of irkerd.
//
//	{"to": "irc://irc.example.org/commits", "privmsg": "Hello"}
//	{"to": ["irc://irc.example.org/#a", "irc://irc.example.org/b"], "privmsg": "to both"}
//
// The mapping to an event, one for each line of privmsg and each channel:
//
//	text      the line, without IRC's codes of colours and style
//	to        the address in "to", without a password or key
//
// and if the line is what irkerhook makes by its own template:
//
//	action    commit
//	project, repo, branch, rev, files, url      as irkerhook calls them
//	user      its author
//	comment   its logmsg
//
// Other members keep their names. A null or empty privmsg, which lets irkerd join a channel, is no event.
package irker

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Message is one JSON object.
type Message struct {
	To    []Target
	Lines []string // of privmsg, with IRC's codes
	Rest  mapping.Flat
}

// Target is one address of a message.
type Target struct {
	Address string // without secrets
	Name    string // of a channel with its #, or of a person
	Person  bool
}

// Limits of one message.
const (
	maxTargets = 64
	maxLines   = 64
)

// Parse reads the objects of one line or datagram. Those before an error are
// returned with it; it is an *ircbus.Refusal.
func Parse(line []byte) ([]Message, error) {
	var messages []Message
	for d := json.NewDecoder(bytes.NewReader(mapping.JSONText(line))); ; {
		var text json.RawMessage
		err := d.Decode(&text)
		if err == io.EOF {
			return messages, nil
		}
		var object mapping.Value
		if err == nil {
			object, err = mapping.ReadObject(text)
		}
		if err != nil {
			return messages, malformed("not a JSON object of irker's, {\"to\": …, \"privmsg\": …}: %v", err)
		}
		m := Message{Rest: object.Without("to", "privmsg").Flat()}
		m.Rest.Omitted += object.Omitted()
		if m.To, err = targets(object.Texts("to")); err != nil {
			return messages, err
		}
		m.Lines = textLines(strings.Join(object.Texts("privmsg"), "\n"))
		if inner := object.At("privmsg").In("privmsg").Flat(); len(m.Lines) == 0 && len(inner.Fields) > 0 && !object.At("privmsg").IsString() {
			m.Lines, m.Rest.Fields = []string{""}, append(m.Rest.Fields, inner.Fields...) // it is no text
		}
		if len(m.Lines) > maxLines {
			return messages, ircbus.Refuse(ircbus.EventTooLarge, "a message has %d lines, the limit is %d", len(m.Lines), maxLines)
		}
		messages = append(messages, m)
	}
}

func malformed(format string, args ...any) error {
	return ircbus.Refuse(ircbus.InvalidEvent, format, args...)
}

// targets reads "to": an address or several.
func targets(several []string) ([]Target, error) {
	if len(several) == 0 || len(several) > maxTargets {
		return nil, malformed("\"to\" has %d addresses; it must have at least 1, and at most %d", len(several), maxTargets)
	}
	all := make([]Target, len(several))
	for i, address := range several {
		var err error
		if all[i], err = parseTarget(address); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// parseTarget reads an address such as irc://host:6667/channel,isnick?key=secret.
// The # of the channel may be there, also as %23; the last element of the path
// counts.
func parseTarget(address string) (Target, error) {
	scheme, rest, isURL := strings.Cut(address, "://")
	host, path := "", address
	if isURL {
		var found bool
		if host, path, found = strings.Cut(rest, "/"); !found {
			return Target{}, malformed("the address %.100q names no channel", withoutPassword(scheme, host, ""))
		}
		host = host[strings.LastIndexByte(host, '@')+1:] // before it is a password
		path, _, _ = strings.Cut(path, "?")
		path = path[strings.LastIndexByte(path, '/')+1:]
	}
	name, err := url.PathUnescape(path)
	if err != nil {
		name = path
	}
	name, attributes, _ := strings.Cut(name, ",")
	person := strings.Contains(","+attributes+",", ",isnick,")
	if strings.Trim(name, "#&+") == "" {
		return Target{}, malformed("the address %.100q names no channel", withoutPassword(scheme, host, path))
	}
	if !person && !strings.ContainsAny(name[:1], "#&+") {
		name = "#" + name
	}
	t := Target{Address: path, Name: name, Person: person}
	if isURL {
		t.Address = withoutPassword(scheme, host, path)
	}
	return t, nil
}

func withoutPassword(scheme, host, path string) string {
	return scheme + "://" + host[strings.LastIndexByte(host, '@')+1:] + "/" + path
}

// textLines are the lines of a message that say something.
func textLines(text string) (all []string) {
	for line := range strings.Lines(text) {
		if line = strings.Trim(line, "\r\n"); strings.TrimSpace(Plain(line)) != "" {
			all = append(all, line)
		}
	}
	return all
}
