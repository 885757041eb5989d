package forge

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// bitbucketPush is a push of Bitbucket's, Cloud's or Server's, which may be to
// several refs.
func (p *payload) bitbucketPush(changes []mapping.Value) (events []*mapping.Event) {
	unread := false
	for i, change := range changes {
		if !isChange(change) {
			unread = true
			continue
		}
		u := p.cloudChange(change)
		if change.Has("toHash") {
			u = p.serverChange(change)
		}
		if len(changes) > 1 && p.id != "" {
			one := *p
			one.id = mapping.Key(p.id, strconv.Itoa(i), u.ref)
			u.payload = &one
		}
		events = append(events, u.events()...)
	}
	if unread || len(events) == 0 {
		events = append(events, p.other())
	}
	return events
}

// isChange reports whether a change says what came or went.
func isChange(change mapping.Value) bool {
	return change.Has("toHash") || change.At("new").IsObject() || change.At("old").IsObject()
}

// ofChange are the members of a change that its events have under other names.
var ofChange = []string{"new", "old", "commits", "truncated", "forced", "created", "closed", "links", "ref", "refId", "fromHash", "toHash", "type"}

// cloudChange reads a change of Bitbucket Cloud's (its documentation, "Event
// payloads", Push).
func (p *payload) cloudChange(change mapping.Value) *pushed {
	to, from := change.At("new"), change.At("old")
	u := &pushed{
		payload: p, before: from.Text("target", "hash"), after: to.Text("target", "hash"), forced: change.Text("forced") == "1",
		created: !from.IsObject(), deleted: !to.IsObject(),
		cut: change.Text("truncated") == "1", url: firstOf(change.Text("links", "html", "href"), page(to)),
	}
	ref := to
	if !to.IsObject() {
		ref = from
	}
	u.ref = "refs/heads/" + ref.Text("name")
	if strings.Contains(ref.Text("type"), "tag") {
		u.ref = "refs/tags/" + ref.Text("name")
	}
	for _, c := range slices.Backward(change.At("commits").List()) { // the newest comes first
		u.commits = append(u.commits, c)
	}
	u.rest = p.restOfPush(change, "push")
	return u
}

// serverChange reads a change of Bitbucket Server's, which newer ones tell with the
// commits of the whole push.
func (p *payload) serverChange(change mapping.Value) *pushed {
	u := &pushed{payload: p, ref: firstOf(change.Text("refId"), change.Text("ref", "id")), before: change.Text("fromHash"), after: change.Text("toHash")}
	if len(p.At("changes").List()) == 1 {
		for _, c := range slices.Backward(p.At("commits").List()) {
			u.commits = append(u.commits, c)
		}
	}
	u.rest = p.restOfPush(change, "changes", "commits", "toCommit", "date")
	return u
}

// restOfPush is what a change, and the push around it, says beside its commits.
func (p *payload) restOfPush(change mapping.Value, without ...string) mapping.Flat {
	rest := change.Without(asRead(change, ofChange)...).Flat().Fields
	rest = append(rest, p.At("push").Without("changes").In("push").Flat().Fields...)
	if !p.At("commits").IsList() {
		without = slices.DeleteFunc(without, func(name string) bool { return name == "commits" })
	}
	rest = append(rest, p.Without(without...).Flat().Fields...)
	return mapping.Flat{Fields: rest, Omitted: p.Omitted()}
}
