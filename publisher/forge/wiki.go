package forge

import (
	"net/url"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// wikiActions are what forges do to pages, in a wiki's words.
var wikiActions = map[string]string{
	"created": "SAVENEW", "create": "SAVENEW", "edited": "SAVE", "update": "SAVE", "updated": "SAVE", "deleted": "SAVE/DELETE", "delete": "SAVE/DELETE",
	"renamed": "SAVE/RENAME", "": "SAVE",
}

// wikiPage is the one page that an event of GitLab, Gitea or Forgejo tells of.
func (p *payload) wikiPage() mapping.Value {
	if page := p.At("object_attributes"); page.IsObject() {
		return page
	}
	return p.Value
}

// wikiPages are the changes of pages: an event for each.
func (p *payload) wikiPages(pages []mapping.Value) []*mapping.Event {
	events := make([]*mapping.Event, len(pages))
	around := p.Without("pages", "object_attributes").Flat()
	around.Omitted = p.Omitted()
	for i, page := range pages {
		e := &mapping.Event{}
		did := firstOf(page.Text("action"), p.Text("action"))
		action, known := wikiActions[did]
		if !known {
			action = did
		}
		name := firstOf(page.Text("title"), page.Text("page"), page.Text("page_name"), page.Text("slug"))
		rev := firstOf(page.Text("sha"), page.Text("version_id"))
		e.Add("wiki", p.repo())
		e.Add("page", name)
		e.Add("action", action)
		e.Add("user", p.actor())
		e.Add("comment", firstOf(page.Text("summary"), page.Text("message"), page.Text("comment")))
		e.Add("rev", rev)
		e.Add("url", p.wikiAddress(page, name))
		e.Add("diff", page.Text("diff_url"))
		e.Add("event", p.kind)
		e.Add("project", p.project())
		e.Add("repo", p.repo())
		e.Add("key", p.wikiKey(page, name, rev, action))
		e.Keep("body", mapping.Clip(strings.TrimSpace(firstOf(page.Text("content"), page.Text("body"))), maxBody))
		of := around
		if page.Has("pages") || page.Has("repository") { // the payload itself
			of.Fields = nil
		}
		p.keepRest(e, mapping.Flat{Fields: append(page.Flat().Fields, of.Fields...), Omitted: of.Omitted})
		events[i] = e
	}
	return events
}

// wikiKey is made of the revision, which does not come again; without one of the
// delivery and the page.
func (p *payload) wikiKey(page mapping.Value, name, rev, action string) string {
	if rev != "" {
		return mapping.Key("wiki", p.repo(), firstOf(page.Text("page_name"), page.Text("slug"), name), rev, action)
	}
	return p.key(name)
}

// wikiAddress is the page's own; Gitea does not tell it.
func (p *payload) wikiAddress(of mapping.Value, name string) string {
	if !of.Has("repository") {
		if address := page(of); address != "" {
			return address
		}
	}
	if home := p.home(); home != "" && name != "" {
		return home + "/wiki/" + url.PathEscape(strings.ReplaceAll(name, " ", "-"))
	}
	return ""
}
