package poll

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// Limits of a feed.
const (
	maxEntries = 10_000
	maxNodes   = 5_000    // elements of an item
	maxDepth   = 32       // of them
	maxText    = 64 << 10 // bytes of an element's text
)

// entry is an item of a feed, as it says it.
type entry struct {
	id, title, link string
	address         string // the link, resolved
	date            string
	author, host    string
	summary         string
	diff, history   string
	version         string
	status          string        // new, updated, deleted
	importance      string        // major, minor
	rest            ircbus.Fields // what else it says, under the feed's own names
}

// document is a feed: what it says of itself, and its items in its order.
type document struct {
	generator string
	interwiki string
	base      *url.URL // of addresses outside of items; nil if it is not known
	entries   []entry
}

// prefixes are those under which elements are known here, by the namespace or by the
// prefix of one that was not declared. The words of RSS and Atom have none.
var prefixes = map[string]string{
	"": "", "http://purl.org/rss/1.0/": "", "http://my.netscape.com/rdf/simple/0.9/": "", "http://channel.netscape.com/rdf/simple/0.9/": "",
	"http://backend.userland.com/rss2": "", "http://www.w3.org/2005/Atom": "", "http://purl.org/atom/ns#": "",
	"http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf:", "rdf": "rdf:",
	"http://purl.org/dc/elements/1.1/": "dc:", "dc": "dc:",
	"http://purl.org/rss/1.0/modules/wiki/": "wiki:", "wiki": "wiki:",
}

// short is an element's or attribute's name as it is known here; "" if it is of
// some other vocabulary.
func short(name xml.Name) string {
	prefix, known := prefixes[name.Space]
	if !known {
		return ""
	}
	return prefix + name.Local
}

// parseFeed reads RSS 0.9x, 1.0 and 2.0 and Atom, which came from an address. It
// forgives what is not quite XML. If the feed breaks off, what could be read comes with
// the error.
func parseFeed(body []byte, address string) (*document, error) {
	text, err := toText(body)
	if err != nil {
		return nil, err
	}
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	doc := &document{base: rebase(nil, address)}
	root := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root {
			return doc, nil
		}
		if err != nil {
			return doc, fmt.Errorf("the feed is broken near byte %d: %w", d.InputOffset(), err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		name := short(start.Name)
		if !root {
			if name != "rss" && name != "rdf:RDF" && name != "feed" {
				return doc, fmt.Errorf("the answer is not a feed: it begins with <%.40s>", start.Name.Local)
			}
			root = true
			doc.base = rebase(doc.base, baseOf(start.Attr))
			continue
		}
		if err := doc.element(d, name, start); err != nil {
			return doc, err
		}
	}
}

// element takes an element of a feed that is not in an item; channels are gone
// into.
func (doc *document) element(d *xml.Decoder, name string, start xml.StartElement) error {
	if name == "channel" {
		doc.base = rebase(doc.base, baseOf(start.Attr))
		return nil
	}
	n, err := (&items{d: d}).read(start, 0)
	switch name {
	case "item", "entry":
		if len(doc.entries) == maxEntries {
			return fmt.Errorf("the feed has more than %d items", maxEntries)
		}
		if err == nil {
			doc.entries = append(doc.entries, entryOf(n, doc.base))
		}
	case "generator":
		doc.generator = n.text()
	case "wiki:interwiki":
		doc.interwiki = n.text()
	}
	return err
}

// node is an element.
type node struct {
	name     string // as short has it
	local    string // without a prefix
	attrs    []xml.Attr
	parts    []string // text, where it is between elements
	size     int      // of the text, in bytes
	children []*node
}

// items reads elements with what is in them, up to the limits; beyond, it passes
// over.
type items struct {
	d     *xml.Decoder
	nodes int
}

// read reads the rest of an element.
func (r *items) read(start xml.StartElement, depth int) (*node, error) {
	n := &node{name: short(start.Name), local: start.Name.Local, attrs: start.Attr}
	r.nodes++
	for {
		token, err := r.d.Token()
		if err != nil {
			return n, fmt.Errorf("the feed breaks off in <%.40s>: %w", start.Name.Local, err)
		}
		switch t := token.(type) {
		case xml.CharData:
			n.say(string(t))
		case xml.StartElement:
			if depth == maxDepth || r.nodes >= maxNodes {
				err = r.d.Skip()
			} else {
				err = r.child(n, t, depth+1)
			}
			if err != nil {
				return n, err
			}
		case xml.EndElement:
			return n, nil
		}
	}
}

// child reads the rest of an element in n.
func (r *items) child(n *node, start xml.StartElement, depth int) error {
	child, err := r.read(start, depth)
	n.children = append(n.children, child)
	n.say(child.text())
	return err
}

// say adds text, as far as there is room.
func (n *node) say(text string) {
	text = strings.ToValidUTF8(text[:min(len(text), maxText-n.size)], "")
	n.size += len(text)
	n.parts = append(n.parts, text)
}

// text is everything that the element says, without markup.
func (n *node) text() string { return strings.TrimSpace(strings.Join(n.parts, "")) }

// attr is an attribute's value; "" without it.
func (n *node) attr(name string) string {
	for _, attr := range n.attrs {
		if short(attr.Name) == name {
			return strings.TrimSpace(attr.Value)
		}
	}
	return ""
}

// find is the first element of the name in this one, at any depth; an empty node if
// there is none.
func (n *node) find(name string) *node {
	for _, child := range n.children {
		if child.name == name {
			return child
		}
		if inner := child.find(name); inner.name != "" {
			return inner
		}
	}
	return &node{}
}

// first is what the first of the children that says something says.
func (n *node) first(names ...string) string {
	for _, name := range names {
		for _, child := range n.children {
			if text := child.text(); child.name == name && text != "" {
				return text
			}
		}
	}
	return ""
}

// mapped are the elements of which entryOf makes something.
var mapped = strings.Fields(`title dc:title link id updated dc:date pubDate modified published issued summary description dc:description content
	author contributor dc:contributor dc:creator wiki:username wiki:diff wiki:history wiki:version wiki:status wiki:importance`)

func entryOf(n *node, base *url.URL) entry {
	base = rebase(base, baseOf(n.attrs))
	link, of := n.link()
	e := entry{
		id:    cmp.Or(n.attr("rdf:about"), n.first("guid", "id")),
		title: n.first("title", "dc:title"), link: link, address: resolve(rebase(base, baseOf(of.attrs)), link),
		date:    n.first("updated", "dc:date", "pubDate", "modified", "published", "issued"),
		summary: n.first("summary", "description", "dc:description", "content"),
		diff:    resolve(base, n.first("wiki:diff")), history: resolve(base, n.first("wiki:history")),
		version: n.first("wiki:version"), status: strings.ToLower(n.first("wiki:status")), importance: strings.ToLower(n.first("wiki:importance")),
	}
	for _, child := range n.children {
		if text := child.text(); text != "" && !slices.Contains(mapped, child.name) && (child.name != "guid" || text != e.link) {
			e.rest = append(e.rest, ircbus.Field{Key: cmp.Or(child.name, child.local), Value: text})
		}
	}
	e.author = cmp.Or(n.person("author"), n.first("wiki:username", "dc:contributor", "dc:creator"), n.person("contributor"))
	if who := n.find("dc:contributor").find("rdf:Description"); who.name != "" {
		e.host = who.attr("wiki:host")
		e.author = cmp.Or(e.author, who.attr("link"))
	}
	return e
}

// person is a name: that of Atom's element, or of RSS's "address (name)".
func (n *node) person(name string) string {
	for _, child := range n.children {
		if child.name != name {
			continue
		}
		if person := child.first("name"); person != "" {
			return person
		}
		text := child.text()
		if _, inner, ok := strings.Cut(text, "("); ok && strings.HasSuffix(inner, ")") {
			return strings.TrimSuffix(inner, ")")
		}
		return text
	}
	return ""
}
