package incoming

import (
	"cmp"
	"html"
	"regexp"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// flatten returns what a chat server would show, and the first address that it
// would link a title to.
func flatten(m mapping.Value) (text, address string) {
	var l lines
	l.add(markup(m.Text("text")), m.Text("content"))
	for _, a := range items(m.At("attachments")) { // Slack's and Mattermost's
		before := len(l)
		l.add(a.Text("author_name"))
		l.add(markup(a.Text("pretext")), markup(a.Text("title")), markup(a.Text("text")))
		for _, f := range items(a.At("fields")) {
			l.add(pair(markup(f.Text("title")), markup(f.Text("value"))))
		}
		address = cmp.Or(address, a.Text("title_link"), l.blocks(a.At("blocks")))
		if len(l) == before {
			l.add(markup(a.Text("fallback")))
		}
	}
	for _, e := range items(m.At("embeds")) { // Discord's
		l.add(e.Text("author", "name"), e.Text("title"), e.Text("description"))
		for _, f := range items(e.At("fields")) {
			l.add(pair(f.Text("name"), f.Text("value")))
		}
		address = cmp.Or(address, e.Text("url"))
	}
	address = cmp.Or(address, l.blocks(m.At("blocks")), l.blocks(m.At("components")))
	return strings.Join(l, "\n"), address
}

// items are the elements of an array, or the one object that stands in its place.
func items(v mapping.Value) []mapping.Value {
	if v.IsObject() {
		return []mapping.Value{v}
	}
	return v.List()
}

// anyText is what is called a text wherever it is: in the cards of Teams, in polls, and
// where a list or an object stands in the place of a text.
func anyText(raw mapping.Flat) string {
	var l lines
	for _, field := range raw.Fields {
		if isText(field.Key) {
			l.add(markup(field.Value))
		}
	}
	return strings.Join(l, "\n")
}

// isText reports whether a name, or the object it is in, is called as texts are.
func isText(name string) bool {
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "text", "content", "title", "description", "summary", "message", "value":
		return true
	}
	return false
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
