package poll

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// wikiRPC asks a wiki by XML-RPC for getRecentChanges (WikiRPC, versions 1 and 2).
// A change becomes:
//
//	wiki         the publisher
//	page, user   name and author
//	time         lastModified
//	rev, oldrev  version, and the one before; of DokuWiki, where it is a time, rev alone
//	action       SAVENEW for the first version, else SAVE; ATT for what MoinMoin says
//	             of attachments, which is not more
//	size         of DokuWiki
//	key          lastModified, version, name; and a number where they are the same
//
// Other members keep their names.
type wikiRPC struct {
	wiki    string
	maxBody int
	quoted  bool // names are URL-quoted, as in version 1
	doku    bool // DokuWiki takes a number for the time, and tells the last change of each page alone

	method string // that the wiki is thought to have
	tried  bool   // and the other one it has not
}

// methods are what it is called. JSPWiki and DokuWiki want the prefix, MoinMoin does
// not have it.
var methods = []string{"getRecentChanges", "wiki.getRecentChanges"}

// firstAge is how far back the first question goes, to find out what is there.
const firstAge = 24 * time.Hour

// xmlrpcTime is how XML-RPC writes times.
const xmlrpcTime = "20060102T15:04:05"

func (w *wikiRPC) since(p *place, now time.Time) time.Time {
	if p.Newest == 0 {
		return now.Add(-firstAge).UTC()
	}
	return p.before(now)
}

func (w *wikiRPC) question(p *place, since time.Time, _ string) question {
	param := xmlrpc.Value{Type: "dateTime.iso8601", Text: since.Format(xmlrpcTime)}
	if w.doku {
		param = xmlrpc.Value{Type: "int", Text: strconv.FormatInt(since.Unix(), 10)}
	}
	return question{url: p.URL, body: xmlrpc.Call(w.method, param)}
}

func (w *wikiRPC) read(body []byte) (*answer, error) {
	result, fault, err := xmlrpc.ParseResponse(body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer is not one of XML-RPC: %w", err)
	case fault != nil && fault.Code == dokuNothing && w.doku:
		return &answer{}, nil
	case fault != nil && !w.tried:
		w.tried, w.method = true, w.other()
		return nil, &again{fault}
	case fault != nil:
		w.tried = false
		return nil, fault
	case result.Type == "struct" && len(result.Struct) == 0: // PHP's empty list
	case result.Type != "array":
		return nil, fmt.Errorf("the answer is a %s, where a list of changes should be", result.Type)
	}
	w.tried = false
	return w.changes(result.Array), nil
}

// dokuNothing is the fault of DokuWiki that says that nothing was changed.
const dokuNothing = 321

func (w *wikiRPC) other() string {
	if w.method == methods[0] {
		return methods[1]
	}
	return methods[0]
}

func (w *wikiRPC) changes(list []xmlrpc.Value) *answer {
	a := &answer{}
	for _, value := range list {
		c, err := w.change(value)
		if err != nil {
			a.refused = append(a.refused, err)
			continue
		}
		a.changes = append(a.changes, c)
	}
	oldestFirst(a.changes)
	number(a.changes)
	return a
}

// attachment is the version that MoinMoin gives to what is no page.
const attachment = "99999999"

// change makes one of a struct. The error is an *ircbus.Refusal.
func (w *wikiRPC) change(value xmlrpc.Value) (change, error) {
	get := func(name string) string {
		member, _ := value.Get(name)
		return member.Text
	}
	name, author, version := w.unquote(get("name")), w.unquote(get("author")), get("version")
	at, ok := parseDate(get("lastModified"))
	if name == "" || !ok {
		return change{}, ircbus.Refuse(ircbus.InvalidEvent, "a change has no name, or %.40q as its time", get("lastModified"))
	}
	rev, err := strconv.Atoi(version)
	var e mapping.Event
	e.Add("wiki", w.wiki)
	e.Add("page", name)
	switch {
	case version == attachment:
		e.Add("action", "ATT")
	case rev == 1:
		e.Add("action", "SAVENEW")
	default:
		e.Add("action", "SAVE")
	}
	e.Add("user", author)
	e.Add("time", ircbus.FormatTime(at))
	if err == nil && rev > 0 && version != attachment {
		e.Add("rev", strconv.Itoa(rev))
		if rev > 1 && !w.doku {
			e.Add("oldrev", strconv.Itoa(rev-1))
		}
	}
	mapped := []string{"name", "author", "version", "lastModified"}
	if w.doku {
		e.Add("size", get("size"))
		mapped = append(mapped, "size")
	}
	e.Add("key", mapping.Key(at.Format(xmlrpcTime), version, name))
	for _, member := range value.Struct {
		if !slices.Contains(mapped, member.Name) {
			e.Keep(member.Name, member.Value.Text)
		}
	}
	return change{at, e.Fit(w.maxBody)}, nil
}

// unquote makes text of what version 1 writes in ASCII.
func (w *wikiRPC) unquote(text string) string {
	if w.quoted {
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	return ircbus.ToUTF8(text)
}

// gap: the newest change that is known comes again, unless the wiki has lost it.
// DokuWiki forgets it with the next change to the page.
func (w *wikiRPC) gap(context.Context, ask, *place, *answer) (bool, error) { return !w.doku, nil }
