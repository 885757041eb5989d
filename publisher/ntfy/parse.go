// Package ntfy takes what is published to ntfy (docs.ntfy.sh/publish), so that its
// command line, and the many programs that can notify through it, publish to the
// bus: PUT and POST of a text to /TOPIC with headers or parameters, GET of
// /TOPIC/publish, /TOPIC/send and /TOPIC/trigger, and POST of JSON to /. The
// answers are ntfy's. The mapping to an event:
//
//	comment    the message; "triggered" if it is empty
//	url        Click
//	text       "[urgent] TITLE: MESSAGE https://…"
//
// topic, title, priority (1–5, if it was given), tags (one field each), icon,
// attach, filename, actions, markdown=1 and sequence_id keep ntfy's names, and so does
// what else the JSON or the address has. A message that stands for one before is an
// event of its own. What the bus does
// not do is refused as by an ntfy server on which it is off: delayed messages,
// e-mail, calls, files as attachments (addresses of files are kept) and templates.
// Every message is kept: "Cache: no" changes nothing.
package ntfy

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Message is what somebody publishes.
type Message struct {
	Topic, Title, Text string
	Priority           int // 1–5; 0 was not given
	Tags               []string
	Click, Icon        string
	Attach, Filename   string // address and name of a file
	Actions            string // as they were written
	Markdown           bool
	Sequence           string       // of a message that stands for one before: an id that may come again
	Rest               mapping.Flat // what ntfy does not know, or of another type
}

var topicPattern = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

// Parse reads a request. The path is relative to where the door is: "/",
// "/TOPIC" or "/TOPIC/publish". The error is an *Error.
func Parse(method, path string, query url.Values, header http.Header, body []byte) (*Message, error) {
	topic, verb, hasVerb := strings.Cut(strings.Trim(path, "/"), "/")
	r := reader{header: header, query: query}
	switch {
	case method == http.MethodGet && (verb == "publish" || verb == "send" || verb == "trigger"):
		body = nil
	case method == http.MethodGet || hasVerb && (!topicPattern.MatchString(verb) || slices.Contains(verbs, verb)):
		return nil, errNotFound
	case topic == "":
		if err := r.readJSON(body); err != nil {
			return nil, err
		}
		topic, body = r.object["topic"], []byte(r.object["message"])
	}
	if !topicPattern.MatchString(topic) {
		return nil, errTopic
	}
	m, err := r.message(topic, body)
	if err == nil && m.Sequence == "" && method != http.MethodGet {
		m.Sequence = verb
	}
	return m, err
}

// verbs are what a path may have behind a topic that is no sequence id.
var verbs = strings.Fields("publish send trigger json sse raw ws auth")

// message reads the parameters.
func (r *reader) message(topic string, body []byte) (*Message, error) {
	if err := r.refuse(); err != nil {
		return nil, err
	}
	m := &Message{
		Topic: topic, Title: r.get("x-title", "title", "ti", "t"), Click: r.get("x-click", "click"), Icon: r.get("x-icon", "icon"),
		Attach: r.get("x-attach", "attach", "a"), Filename: r.get("x-filename", "filename", "file", "f"),
		Actions:  r.get("x-actions", "actions", "action"),
		Text:     strings.ReplaceAll(r.get("x-message", "message", "m"), `\n`, "\n"),
		Markdown: isTrue(r.get("x-markdown", "markdown", "md")) || strings.HasPrefix(r.header.Get("Content-Type"), "text/markdown"),
		Sequence: r.get("x-sequence-id", "sequence-id", "sequence_id", "sid"),
	}
	m.Rest = r.unknown()
	if m.Filename != "" && m.Attach == "" {
		return nil, errAttachment
	}
	if !utf8.Valid(body) || bytes.ContainsFunc(body, isBinary) {
		return nil, errNotUTF8
	}
	if text := strings.TrimSpace(string(body)); text != "" {
		m.Text = text
	}
	if m.Text == "" {
		m.Text = "triggered"
	}
	for tag := range strings.SplitSeq(r.get("x-tags", "tags", "tag", "ta"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			m.Tags = append(m.Tags, tag)
		}
	}
	var err error
	if m.Priority, err = parsePriority(r.get("x-priority", "priority", "prio", "p")); err != nil {
		return nil, err
	}
	return m, nil
}

// isBinary reports whether a character is in files rather than in texts.
func isBinary(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != '\x1b'
}

// refuse refuses what the bus does not do.
func (r *reader) refuse() error {
	for _, not := range []struct {
		err   *Error
		names []string
	}{
		{errDelay, []string{"x-delay", "delay", "x-at", "at", "x-in", "in"}},
		{errEmail, []string{"x-email", "x-e-mail", "email", "e-mail", "mail", "e"}},
		{errCall, []string{"x-call", "call"}},
		{errTemplate, []string{"x-template", "template", "tpl"}},
	} {
		if value := r.get(not.names...); value != "" && value != "no" && value != "0" && value != "false" {
			return not.err
		}
	}
	return nil
}

// urgency are what ntfy calls its priorities.
var urgency = map[string]int{"min": 1, "low": 2, "default": 3, "high": 4, "max": 5, "urgent": 5}

func parsePriority(value string) (int, error) {
	value = strings.ToLower(strings.TrimSpace(value))
	if value == "" || strings.HasPrefix(value, "u=") || value == "i" { // the priority of RFC 9218, which proxies add
		return 0, nil
	}
	if n, ok := urgency[value]; ok {
		return n, nil
	}
	if n, err := strconv.Atoi(value); err == nil && 0 <= n && n <= 5 {
		return n, nil
	}
	return 0, errPriority
}

func isTrue(value string) bool {
	switch strings.ToLower(value) {
	case "1", "yes", "true":
		return true
	}
	return false
}

// reader looks for parameters: in the JSON of the body, in the headers, in the
// address.
type reader struct {
	object map[string]string
	rest   mapping.Flat // of the JSON
	header http.Header
	query  url.Values
}

// members are those of the JSON that the bus knows.
var members = []string{
	"topic", "message", "title", "tags", "priority", "click", "icon", "attach", "filename", "actions", "markdown", "delay", "email", "call", "template", "sequence_id",
}

// readJSON reads the body of a POST to /. A member of another type than ntfy's is
// kept as what ntfy does not know.
func (r *reader) readJSON(body []byte) error {
	object, err := mapping.ReadObject(body)
	if err != nil {
		return errJSON
	}
	r.object = make(map[string]string)
	var read []string
	for _, name := range members {
		value := object.At(name)
		text := value.Text()
		switch {
		case name == "actions" && value.IsList():
			text = actions(body)
		case name == "tags" && value.IsList() && len(value.Texts()) == len(value.List()):
			text = strings.Join(value.Texts(), ",")
		case name == "markdown" && text != "" && !isTrue(text):
			continue
		case name == "priority":
			if _, err := parsePriority(text); err != nil && !value.IsString() {
				continue
			}
		}
		if text != "" {
			r.object[name] = text
			read = append(read, name)
		}
	}
	r.rest = object.Without(read...).Flat()
	r.rest.Omitted += object.Omitted()
	return nil
}

// actions are those of a message as they were written.
func actions(body []byte) string {
	var message struct{ Actions json.RawMessage }
	var compact bytes.Buffer
	if json.Unmarshal(body, &message) != nil || json.Compact(&compact, message.Actions) != nil {
		return ""
	}
	return compact.String()
}

// parameters are the names of the address that have a meaning to ntfy.
var parameters = []string{
	"x-title", "title", "ti", "t", "x-click", "click", "x-icon", "icon", "x-attach", "attach", "a", "x-filename", "filename", "file", "f",
	"x-actions", "actions", "action", "x-message", "message", "m", "x-markdown", "markdown", "md", "x-tags", "tags", "tag", "ta",
	"x-priority", "priority", "prio", "p", "x-delay", "delay", "x-at", "at", "x-in", "in", "x-email", "x-e-mail", "email", "e-mail", "mail", "e",
	"x-call", "call", "x-template", "template", "tpl", "auth", "authorization", "x-cache", "cache", "x-firebase", "firebase", "x-unifiedpush", "unifiedpush", "up", "x-sequence-id", "sequence-id", "sequence_id", "sid",
}

// unknown is what the JSON and the address say that ntfy does not know.
func (r *reader) unknown() mapping.Flat {
	rest := r.rest
	for _, name := range slices.Sorted(maps.Keys(r.query)) {
		if slices.Contains(parameters, strings.ToLower(name)) {
			continue
		}
		for _, value := range r.query[name] {
			rest.Fields = append(rest.Fields, ircbus.Field{Key: name, Value: value})
		}
	}
	return rest
}

// get returns the first value that is there under one of the names.
func (r *reader) get(names ...string) string {
	for _, name := range names {
		if value := r.object[name]; value != "" {
			return value
		}
	}
	for _, name := range names {
		if value := decodeHeader(r.header.Get(name)); value != "" {
			return value
		}
	}
	for _, name := range names {
		if value := r.query.Get(name); value != "" {
			return value
		}
	}
	return ""
}

var words = &mime.WordDecoder{CharsetReader: content.Reader}

// decodeHeader reads RFC 2047's encoded words, which ntfy takes, too.
func decodeHeader(value string) string {
	if decoded, err := words.DecodeHeader(value); err == nil {
		value = decoded
	}
	return strings.TrimSpace(value)
}

// Fields makes the event of a message. maxBody limits it, as mapping.Event.Fit
// says.
func (m *Message) Fields(maxBody int) ircbus.Fields {
	mark := map[int]string{4: "[high] ", 5: "[urgent] "}[m.Priority]
	text := mapping.Sentence(mark+m.Title, m.Text, m.Click)
	if m.Title == "" {
		text = mapping.Sentence("", mark+m.Text, m.Click)
	}
	var e mapping.Event
	e.Add("comment", m.Text)
	e.Add("url", m.Click)
	e.Add("text", text)
	e.Keep("topic", m.Topic)
	e.Keep("title", m.Title)
	if m.Priority > 0 {
		e.Keep("priority", strconv.Itoa(m.Priority))
	}
	for _, tag := range m.Tags {
		e.Keep("tags", tag)
	}
	e.Keep("icon", m.Icon)
	e.Keep("attach", m.Attach)
	e.Keep("filename", m.Filename)
	e.Keep("actions", m.Actions)
	if m.Markdown {
		e.Keep("markdown", "1")
	}
	e.KeepFlat(m.Rest)
	e.Keep("sequence_id", m.Sequence)
	return e.Fit(maxBody)
}
