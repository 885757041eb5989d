package poll

import (
	"encoding/xml"
	"net/url"
	"strings"
)

// xmlNamespace is that of the prefix xml (Namespaces in XML 1.0, section 3).
const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

// baseOf is an element's xml:base (www.w3.org/TR/xmlbase); "" if it has none.
func baseOf(attrs []xml.Attr) string {
	for _, attr := range attrs {
		if attr.Name.Local == "base" && (attr.Name.Space == xmlNamespace || attr.Name.Space == "xml") {
			return strings.TrimSpace(attr.Value)
		}
	}
	return ""
}

// rebase is the base of addresses within an element that has an xml:base, "" if it
// has none.
func rebase(outer *url.URL, base string) *url.URL {
	inner, err := url.Parse(base)
	switch {
	case base == "" || err != nil:
		return outer
	case outer == nil:
		return inner
	}
	return outer.ResolveReference(inner)
}

// resolve makes an address absolute (RFC 3986, section 5). What cannot be is left as
// it is.
func resolve(base *url.URL, address string) string {
	u, err := url.Parse(address)
	if address == "" || err != nil || base == nil || u.IsAbs() {
		return address
	}
	return base.ResolveReference(u).String()
}

// link is the address of an item, with the element that has it: that of RSS, of Atom's
// alternate, or else the guid, which is an address unless it says otherwise (RSS 2.0).
func (n *node) link() (address string, of *node) {
	for _, child := range n.children {
		if child.name != "link" {
			continue
		}
		if address = child.attr("href"); address == "" {
			address = child.text()
		} else if rel := child.attr("rel"); rel != "" && rel != "alternate" && !strings.HasSuffix(rel, "/relation/alternate") {
			continue
		}
		if address != "" {
			return address, child
		}
	}
	for _, child := range n.children {
		if child.name == "guid" && !strings.EqualFold(child.attr("isPermaLink"), "false") && isHTTP(child.text()) {
			return child.text(), child
		}
	}
	return "", n
}

func isHTTP(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}
