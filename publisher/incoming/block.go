package incoming

import (
	"cmp"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// blocks adds what Slack shows of blocks (docs.slack.dev/reference/block-kit/blocks),
// or Discord of components, unless the message has said it already, as its text mostly
// does. It returns the first address of a button or link.
func (l *lines) blocks(list mapping.Value) (address string) {
	for _, b := range list.List() {
		var found []string
		collect(b, &found, &address)
		text := strings.TrimSpace(markup(strings.Join(found, " ")))
		if !strings.Contains(strings.Join(*l, "\n"), text) {
			l.add(text)
		}
	}
	return address
}

// shown are the members of a block or element that people see, in the order in which
// they do.
var shown = []string{"label", "title", "text", "content", "description", "alt_text", "fields", "elements", "components", "items", "options", "accessory", "rows", "element", "placeholder"}

// collect finds the texts in a block, an element, or a list of them, and the first
// address.
func collect(part mapping.Value, found *[]string, address *string) {
	if text := part.Text(); text != "" {
		*found = append(*found, text)
	}
	for _, element := range part.List() {
		collect(element, found, address)
	}
	if !part.IsObject() {
		return
	}
	*address = cmp.Or(*address, httpOf(part.Text("url")), httpOf(part.Text("title_url")))
	kind := part.Text("type")
	if text, ok := inline(kind, part); ok {
		*found = append(*found, text)
		return
	}
	var inner []string
	for _, name := range shown {
		if name == "alt_text" && len(inner) > 0 {
			continue // it stands for the rest where that cannot be shown
		}
		collect(part.At(name), &inner, address)
	}
	if strings.HasPrefix(kind, "rich_text_") && kind != "rich_text_list" { // a text in pieces
		inner = []string{strings.Join(inner, "")}
	}
	*found = append(*found, inner...)
}

// inline is what an element within a text shows.
func inline(kind string, e mapping.Value) (text string, ok bool) {
	switch kind {
	case "link":
		label, address := e.Text("text"), e.Text("url")
		if label == "" || label == address {
			return address, true
		}
		return label + " (" + address + ")", true
	case "user":
		return "@" + e.Text("user_id"), true
	case "usergroup":
		return "@" + e.Text("usergroup_id"), true
	case "channel":
		return "#" + e.Text("channel_id"), true
	case "broadcast":
		return "@" + e.Text("range"), true
	case "emoji":
		return ":" + e.Text("name") + ":", true
	case "date":
		return cmp.Or(e.Text("fallback"), e.Text("timestamp")), true
	case "color":
		return e.Text("value"), true
	}
	return "", false
}

func httpOf(address string) string {
	if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
		return address
	}
	return ""
}
