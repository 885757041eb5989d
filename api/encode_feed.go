package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// rssEncoder writes RSS 1.0 with mod_wiki
// (http://purl.org/rss/1.0/modules/wiki/), as wikis' RecentChanges do. RSS 1.0
// lists all items in the channel before the first.
type rssEncoder struct {
	env  *envelope
	list []byte // of the items so far
}

func (x *rssEncoder) begin(dst []byte, env *envelope) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wiki="http://purl.org/rss/1.0/modules/wiki/">
<channel`...)
	dst = appendAttr(dst, "rdf:about", env.self)
	dst = append(dst, ">\n"...)
	dst = appendElement(dst, "title", env.title)
	dst = appendElement(dst, "link", env.base+"/")
	dst = appendElement(dst, "description", "Changes carried by "+env.title)
	dst = append(dst, "<items><rdf:Seq>\n"...)
	dst = append(dst, x.list...)
	dst = append(dst, "</rdf:Seq></items>\n"...)
	dst = appendElement(dst, "wiki:interwiki", x.env.title)
	return append(dst, "</channel>\n"...)
}

func (x *rssEncoder) event(dst []byte, e *ircbus.Event) []byte {
	about := entryID(x.env, e)
	x.list = appendAttr(append(x.list, "<rdf:li"...), "rdf:resource", about)
	x.list = append(x.list, "/>\n"...)
	item := appendAttr(append(dst, "<item"...), "rdf:about", about)
	item = append(item, ">\n"...)
	item = appendElement(item, "title", entryTitle(e))
	item = appendElement(item, "link", entryLink(x.env, e))
	item = appendElement(item, "dc:date", ircbus.FormatTime(happened(e)))
	item = appendOptional(item, "description", e.Fields.Get("comment"))
	if user := e.Fields.Get("user"); user != "" {
		item = append(item, "<dc:contributor><rdf:Description>"...)
		item = appendElement(item, "rdf:value", user)
		item = append(item, "</rdf:Description></dc:contributor>\n"...)
	}
	item = appendElement(item, "wiki:version", strconv.FormatUint(uint64(e.ID), 10))
	item = appendElement(item, "wiki:status", status(e))
	item = appendElement(item, "wiki:importance", importance(e))
	item = appendOptional(item, "wiki:diff", ircbus.Link(e.Fields.Get("diff")))
	item = appendOptional(item, "wiki:history", ircbus.Link(e.Fields.Get("history")))
	return append(item, "</item>\n"...)
}

func (x *rssEncoder) end(dst []byte) []byte { return append(dst, "</rdf:RDF>\n"...) }

// atomEncoder writes Atom (RFC 4287), with the next page as RFC 5005 says.
type atomEncoder struct {
	env     *envelope
	updated bool
}

func (x *atomEncoder) begin(dst []byte, env *envelope) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
`...)
	dst = appendElement(dst, "id", env.self)
	dst = appendElement(dst, "title", env.title)
	dst = appendLink(dst, "self", env.self)
	dst = appendLink(dst, "alternate", env.base+"/")
	if env.Next != "" {
		dst = appendLink(dst, "next", env.Next)
	}
	return dst
}

func (x *atomEncoder) event(dst []byte, e *ircbus.Event) []byte {
	if !x.updated { // the newest event comes first
		x.updated = true
		dst = appendElement(dst, "updated", ircbus.FormatTime(e.At))
	}
	dst = append(dst, "<entry>\n"...)
	dst = appendElement(dst, "id", "urn:ircbus:"+x.env.Epoch+":"+strconv.FormatUint(uint64(e.ID), 10))
	dst = appendElement(dst, "title", entryTitle(e))
	dst = appendElement(dst, "updated", ircbus.FormatTime(e.At))
	dst = appendLink(dst, "alternate", entryLink(x.env, e))
	dst = append(dst, "<author>"...)
	author := e.Fields.Get("user")
	if author == "" {
		author = e.Publisher
	}
	dst = appendElement(dst, "name", author)
	dst = append(dst, "</author>\n<category"...)
	dst = appendAttr(dst, "term", e.Channel)
	dst = append(dst, "/>\n"...)
	dst = appendOptional(dst, "summary", e.Fields.Get("comment"))
	return append(dst, "</entry>\n"...)
}

func (x *atomEncoder) end(dst []byte) []byte {
	if !x.updated { // Atom wants a date even of nothing
		dst = appendElement(dst, "updated", ircbus.FormatTime(time.Unix(0, 0)))
	}
	return append(dst, "</feed>\n"...)
}

func appendElement(dst []byte, name, text string) []byte {
	dst = append(append(append(dst, '<'), name...), '>')
	dst = appendXML(dst, text)
	return append(append(append(dst, '<', '/'), name...), ">\n"...)
}

func appendOptional(dst []byte, name, text string) []byte {
	if text == "" {
		return dst
	}
	return appendElement(dst, name, text)
}

func appendLink(dst []byte, rel, href string) []byte {
	dst = appendAttr(append(dst, "<link"...), "rel", rel)
	dst = appendAttr(dst, "href", href)
	return append(dst, "/>\n"...)
}

// entryID is an address that no other event has.
func entryID(env *envelope, e *ircbus.Event) string {
	return env.base + "/events/" + strconv.FormatUint(uint64(e.ID), 10)
}

func entryLink(env *envelope, e *ircbus.Event) string {
	for _, key := range []string{"url", "diff"} {
		if address := ircbus.Link(e.Fields.Get(key)); address != "" {
			return address
		}
	}
	return entryID(env, e)
}

func entryTitle(e *ircbus.Event) string {
	if r, ok := e.Redacts(); ok {
		return r.String()
	}
	for _, key := range []string{"page", "text", "project", "action"} {
		if title := e.Fields.Get(key); title != "" {
			return title
		}
	}
	return "event " + strconv.FormatUint(uint64(e.ID), 10) + " of " + e.Publisher
}

// happened is the publisher's time, or that of acceptance.
func happened(e *ircbus.Event) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, e.Fields.Get("time")); err == nil {
		return t
	}
	return e.At
}

// status is mod_wiki's word for what happened to the page.
func status(e *ircbus.Event) string {
	switch action := strings.ToLower(e.Fields.Get("action")); {
	case strings.HasPrefix(action, "att"): // MoinMoin's attachments come and go, the page stays
		return "updated"
	case strings.Contains(action, "new"), action == "create":
		return "new"
	case strings.Contains(action, "del"):
		return "deleted"
	}
	return "updated"
}

func importance(e *ircbus.Event) string {
	if e.Fields.Get("minor") == "1" {
		return "minor"
	}
	return "major"
}
