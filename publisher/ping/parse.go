// Package ping takes the XML-RPC calls with which weblogs and wikis tell a server
// that they have something new. A weblog calls weblogUpdates.ping(name, url,
// [changes URL], [category]) or weblogUpdates.extendedPing(name, url, changes URL,
// feed URL, [categories]):
//
//	page       the weblog's name
//	action     "ping"
//	url        its address
//	changesurl, rssurl, category
//	text       "Planet Example has something new: https://…"
//
// A wiki sends a WikiPing, one struct, which is known by its members, whatever the
// method is called:
//
//	wiki       interwikiname, else wiki
//	page       tag, the page's name
//	action     "SAVE"
//	user       author
//	comment    changelog
//	url, history
//
// Other members keep their names (language, callback, authorpage). Neither has an
// id, so a call that is repeated is another event.
package ping

import (
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// Parse makes an event of a call. maxBody limits it, as mapping.Event.Fit says.
// The error is an *ircbus.Refusal.
func Parse(body []byte, maxBody int) (ircbus.Fields, error) {
	method, params, err := xmlrpc.ParseCall(body)
	if err != nil {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "%v", err)
	}
	switch {
	case len(params) == 1 && params[0].Type == "struct":
		return wikiPing(params[0], maxBody)
	case method == "weblogUpdates.ping":
		return weblogPing(params, []string{"changesurl", "category"}, maxBody)
	case method == "weblogUpdates.extendedPing":
		return weblogPing(params, []string{"changesurl", "rssurl", "category"}, maxBody)
	}
	return nil, ircbus.Refuse(ircbus.InvalidEvent, "there is no method %.64q: call weblogUpdates.ping, weblogUpdates.extendedPing, or any with the struct of a WikiPing", method)
}

// weblogPing maps the parameters; names are those behind name and address.
func weblogPing(params []xmlrpc.Value, names []string, maxBody int) (ircbus.Fields, error) {
	if len(params) < 2 || len(params) > 2+len(names) {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the call has %d parameters: the weblog's name, its address, and at most %s", len(params), strings.Join(names, ", "))
	}
	name, address := strings.TrimSpace(params[0].Text), strings.TrimSpace(params[1].Text)
	if name == "" || !isAddress(address) {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the weblog must have a name, and an address that begins with http:// or https://")
	}
	var e mapping.Event
	e.Add("page", name)
	e.Add("action", "ping")
	e.Add("url", address)
	e.Add("text", mapping.Sentence(name+" has something new", address, ""))
	for i, param := range params[2:] { // of any type: an array has several categories
		named := xmlrpc.Value{Type: "struct", Struct: []xmlrpc.Member{{Name: names[i], Value: param}}}
		e.KeepFlat(named.Flat())
	}
	return e.Fit(maxBody), nil
}

// wikiPing maps a struct, whose members are named.
func wikiPing(ping xmlrpc.Value, maxBody int) (ircbus.Fields, error) {
	for i, member := range ping.Struct {
		ping.Struct[i].Name = strings.ToLower(member.Name)
	}
	raw := ping.Flat()
	for _, required := range []string{"tag", "url", "wiki"} {
		if raw.Get(required) == "" {
			return nil, ircbus.Refuse(ircbus.InvalidEvent, "the struct has no %q; a WikiPing has tag, url and wiki", required)
		}
	}
	if !isAddress(raw.Get("url")) {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the url must begin with http:// or https://")
	}
	var e mapping.Event
	wiki := raw.Get("interwikiname")
	if wiki == "" {
		wiki = raw.Get("wiki")
	} else {
		e.Keep("wiki", raw.Get("wiki"))
	}
	e.Add("wiki", wiki)
	e.Add("page", raw.Get("tag"))
	e.Add("action", "SAVE")
	e.Add("user", raw.Get("author"))
	e.Add("comment", raw.Get("changelog"))
	e.Add("url", raw.Get("url"))
	e.Add("history", raw.Get("history"))
	if e.Rest.Has("wiki_") {
		raw = raw.Without("wiki")
	}
	e.KeepFlat(raw, "wiki", "interwikiname", "tag", "author", "changelog", "url", "history")
	return e.Fit(maxBody), nil
}

func isAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}
