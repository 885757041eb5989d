package incoming

import (
	"encoding/json"
	"html"
	"regexp"
	"strings"
)

// attachment is Slack's and Mattermost's.
type attachment struct {
	Fallback, Pretext, Title, Text string
	TitleLink                      string `json:"title_link"`
	Fields                         []struct {
		Title string
		Value json.RawMessage // mostly a text
	}
}

// embed is Discord's.
type embed struct {
	Title, Description, URL string
	Fields                  []struct{ Name, Value string }
}

// block is Slack's: a part of a layout, with texts somewhere within.
type block struct {
	Text     json.RawMessage
	Fields   []json.RawMessage
	Elements []json.RawMessage
}

// flatten returns what a chat server would show, and the first address that it
// would link a title to.
func (m *message) flatten() (text, address string) {
	var l lines
	l.add(markup(m.Text), m.Content)
	for _, a := range m.Attachments {
		before := len(l)
		l.add(markup(a.Pretext), markup(a.Title), markup(a.Text))
		for _, f := range a.Fields {
			var value string
			if json.Unmarshal(f.Value, &value) != nil {
				value = string(f.Value)
			}
			l.add(pair(markup(f.Title), markup(value)))
		}
		if len(l) == before {
			l.add(markup(a.Fallback))
		}
		if address == "" {
			address = a.TitleLink
		}
	}
	for _, e := range m.Embeds {
		l.add(e.Title, e.Description)
		for _, f := range e.Fields {
			l.add(pair(f.Name, f.Value))
		}
		if address == "" {
			address = e.URL
		}
	}
	if len(l) == 0 {
		for _, b := range m.Blocks {
			l.add(markup(b.text()))
		}
	}
	return strings.Join(l, "\n"), address
}

// lines are what there is to show.
type lines []string

func (l *lines) add(texts ...string) {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			*l = append(*l, text)
		}
	}
}

func pair(name, value string) string {
	if name == "" || value == "" {
		return name + value
	}
	return name + ": " + value
}

// text collects the texts of a block.
func (b block) text() string {
	var found []string
	for _, part := range append(append([]json.RawMessage{b.Text}, b.Fields...), b.Elements...) {
		found = collect(part, 0, found)
	}
	return strings.Join(found, " ")
}

// maxNesting is how deep texts are looked for in a block.
const maxNesting = 8

// collect finds texts in a text object, or in elements that have elements.
func collect(part json.RawMessage, depth int, found []string) []string {
	var text string
	if json.Unmarshal(part, &text) == nil && text != "" {
		return append(found, text)
	}
	var object struct {
		Text     json.RawMessage
		Elements []json.RawMessage
	}
	if depth == maxNesting || json.Unmarshal(part, &object) != nil {
		return found
	}
	for _, inner := range append([]json.RawMessage{object.Text}, object.Elements...) {
		if len(inner) > 0 {
			found = collect(inner, depth+1, found)
		}
	}
	return found
}

// link is Slack's way to write addresses, people and channels.
var link = regexp.MustCompile(`<([^<>|\s][^<>|\n]*)(?:\|([^<>\n]*))?>`)

// markup takes Slack's markup apart, and its three entities.
func markup(text string) string {
	text = link.ReplaceAllStringFunc(text, func(found string) string {
		parts := link.FindStringSubmatch(found)
		target, label := parts[1], parts[2]
		switch {
		case strings.HasPrefix(target, "http://"), strings.HasPrefix(target, "https://"), strings.HasPrefix(target, "mailto:"):
			if label != "" && label != target {
				return label + " (" + target + ")"
			}
			return target
		case label != "":
			return label
		case target[0] == '!':
			return "@" + target[1:]
		case target[0] == '@', target[0] == '#':
			return target
		}
		return found
	})
	return html.UnescapeString(text)
}
