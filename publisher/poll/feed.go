package poll

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// feed reads RSS and Atom. An item becomes:
//
//	wiki          the publisher
//	page          title
//	action        of wiki:status: new is SAVENEW, updated SAVE, deleted SAVE/DELETE; without
//	              one SAVE if the link is to the difference of two revisions, else none
//	user          dc:contributor, dc:creator, author
//	time          dc:date, pubDate, updated
//	comment       description or summary as text, 1,000 bytes of it
//	rev, oldrev   wiki:version, and the one before; or those of the link
//	url           link
//	diff, history those of the module for wikis, or the link
//	minor=1       of wiki:importance
//	hostname      wiki:host
//	cut           names the comment if there was more of it
//	key           title, version and date; without a version, id (or link) and date
//
// What else an item says keeps its name, 1,000 bytes of each.
//
// Feeds of MoinMoin are known by their versions, which are times, and become
// what the door moin makes of the same changes, as far as they tell; see
// moinEntry.
type feed struct {
	wiki    string
	address string // from which it comes: the base of its links
	maxBody int
}

func (f *feed) since(*place, time.Time) time.Time { return time.Time{} }

func (f *feed) question(p *place, _ time.Time, _ string) question {
	return question{url: p.URL, etag: p.ETag, modified: p.Modified}
}

func (f *feed) read(body []byte) (*answer, error) {
	doc, err := parseFeed(body, f.address)
	if err != nil && (doc == nil || len(doc.entries) == 0) {
		return nil, err
	}
	a := &answer{}
	if err != nil {
		a.refused = append(a.refused, err)
	}
	if doc.interwiki != "" {
		a.wiki = &ircbus.Wiki{Publisher: f.wiki, Interwiki: doc.interwiki}
	}
	seen := make(map[string]bool) // pages
	for _, e := range doc.entries {
		c, err := f.change(doc, &e, seen[e.title])
		if err != nil {
			a.refused = append(a.refused, err)
			continue
		}
		seen[e.title] = true
		a.changes = append(a.changes, c)
	}
	oldestFirst(a.changes)
	number(a.changes)
	return a, nil
}

// change makes one of an item; older says that there was a newer one of the page.
func (f *feed) change(doc *document, e *entry, older bool) (change, error) {
	if e.title == "" && e.link == "" && e.id == "" && e.summary == "" {
		return change{}, ircbus.Refuse(ircbus.InvalidEvent, "an item of the feed has neither title nor link nor id nor description")
	}
	var made mapping.Event
	made.Add("wiki", f.wiki)
	at, dated := parseDate(e.date)
	if usecs, ok := moinTime(e.version); ok {
		at = usecs
		moinEntry(&made, e, at, older)
	} else {
		f.entry(&made, doc, e, at, dated)
	}
	made.Keep("hostname", e.host)
	for _, field := range e.rest {
		made.Keep(field.Key, mapping.Clip(plain(field.Value), maxComment))
	}
	return change{at, made.Fit(f.maxBody)}, nil
}

// actions are what changes are called by the module for wikis.
var actions = map[string]string{"new": "SAVENEW", "updated": "SAVE", "deleted": "SAVE/DELETE"}

// entry maps an item that is not MoinMoin's.
func (f *feed) entry(made *mapping.Event, doc *document, e *entry, at time.Time, dated bool) {
	link := linkOf(e.link)
	summary := e.summary
	if strings.HasPrefix(doc.generator, "MediaWiki ") { // a difference follows
		if m := wrapped.FindStringSubmatch(summary); m != nil {
			summary = m[0]
		}
	}
	page := e.title
	if link.page != "" { // DokuWiki's title may have the comment in it
		page = link.page
	}
	made.Add("page", page)
	switch action, known := actions[e.status]; {
	case known:
		made.Add("action", action)
	case e.status != "":
		made.Add("action", e.status)
	case link.oldrev != "":
		made.Add("action", "SAVE")
	}
	made.Add("user", e.author)
	if dated {
		made.Add("time", ircbus.FormatTime(at))
	} else {
		made.Keep("time", e.date)
	}
	cut := addComment(made, plain(summary))
	addRevisions(made, e.version, link)
	diff := e.diff
	if link.isDiff {
		diff = e.address
	} else {
		made.Add("url", e.address)
	}
	made.Add("diff", diff)
	made.Add("history", e.history)
	if e.importance == "minor" {
		made.Add("minor", "1")
	}
	made.Add("key", keyOf(e))
	if page == "" { // there is no template that tells such an item
		made.Add("text", mapping.Sentence("", plain(summary), e.address))
	}
	if page != e.title {
		made.Keep("title", e.title)
	}
	if cut {
		made.Add("cut", "comment")
	}
}

// keyOf identifies an item. Dates count as they are written: some wikis have one id
// for all changes to a page, or one version for several by the same user.
func keyOf(e *entry) string {
	parts := []string{cmp.Or(e.id, e.link, e.title, e.summary)}
	if e.version != "" {
		parts = []string{e.title, e.version}
	}
	if e.date != "" {
		parts = append(parts, e.date)
	}
	return mapping.Key(parts...)
}

// maxComment limits, in bytes, what is taken of a description: it may be a whole
// page.
const maxComment = 1000

// addComment adds the comment, and reports whether it is not all of it.
func addComment(made *mapping.Event, text string) (cut bool) {
	comment := mapping.Clip(text, maxComment)
	made.Add("comment", comment)
	return comment != text
}

// addRevisions adds those that the version or the link tells.
func addRevisions(made *mapping.Event, version string, link linkParts) {
	if rev, err := strconv.Atoi(version); err == nil && rev > 0 {
		made.Add("rev", version)
		if rev > 1 {
			made.Add("oldrev", strconv.Itoa(rev-1))
		}
		return
	}
	made.Keep("version", version)
	made.Add("rev", link.rev)
	made.Add("oldrev", link.oldrev)
}

// linkParts are what the address of an item tells.
type linkParts struct {
	rev, oldrev string
	page        string // of DokuWiki
	isDiff      bool
}

// linkOf takes an address apart, as MediaWiki, DokuWiki and MoinMoin make them.
func linkOf(address string) (parts linkParts) {
	u, err := url.Parse(address)
	if err != nil {
		return parts
	}
	query := u.Query()
	number := func(name string) string {
		if n, err := strconv.Atoi(query.Get(name)); err == nil && n > 0 {
			return strconv.Itoa(n)
		}
		return ""
	}
	switch {
	case query.Has("diff") && query.Has("oldid"):
		return linkParts{rev: number("diff"), oldrev: number("oldid"), isDiff: true}
	case query.Get("do") == "diff" && query.Get("id") != "":
		return linkParts{rev: number("rev"), page: query.Get("id"), isDiff: true}
	case query.Get("action") == "diff" && query.Has("rev1"):
		return linkParts{rev: number("rev1"), oldrev: number("rev2"), isDiff: true}
	case query.Get("action") == "recall":
		return linkParts{rev: number("rev")}
	}
	return parts
}

const (
	minFull = 10        // items of the smallest feeds that are cut at a number of items
	slack   = time.Hour // by which clocks may differ
)

// gap: a feed that is as long as before and has nothing that was known may have been
// cut. One that is shorter has everything of the time that it covers, which may
// begin after the last poll, too.
func (f *feed) gap(_ context.Context, _ ask, p *place, a *answer) (bool, error) {
	oldest := a.changes[0].at
	return len(a.changes) >= max(len(p.Seen), minFull) || !oldest.IsZero() && oldest.After(time.Unix(p.Polled, 0).Add(slack)), nil
}
