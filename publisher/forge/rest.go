package forge

import (
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// What is left out of an event (docs/doors/webhooks.md lists it): whole is said of
// the repository and of who did it, and comes with each event; people are reduced
// to their names; more, wherever it is, is of use to the forge's API alone.
var (
	whole  = []string{"repository", "project", "sender", "actor", "organization", "enterprise", "installation", "user", "pusher", "hook"}
	people = []string{
		"user", "owner", "author", "assignee", "assignees", "creator", "committer", "uploader", "sponsor", "member", "maintainer", "requester",
		"reviewers", "requested_reviewer", "requested_reviewers", "participants", "triggering_actor", "merged_by", "closed_by", "reviewer", "app",
	}
	nested = []string{"repo", "_links", "source", "target", "head_repository", "repository"}
	more   = []string{"node_id", "gravatar_id", "avatar_url", "site_admin", "user_view_type", "href", "secret", "diff_url", "patch_url", "tarball_url", "zipball_url"}
	kinds  = []string{"object_kind", "event_name", "event_type", "eventKey"}
)

// leftOut reports whether an event leaves out what is called so.
func (p *payload) leftOut(name, value string) bool {
	words := strings.Split(name, ".")
	last := words[len(words)-1]
	if slices.Contains(whole, words[0]) && (words[0] != p.aboutName() || words[0] == "repository" || words[0] == "hook") {
		return true
	}
	if slices.Contains(more, last) || (last == "url" || strings.HasSuffix(last, "_url")) && isAPI(value) || len(words) == 1 && slices.Contains(kinds, name) {
		return true
	}
	for i, word := range words[:len(words)-1] {
		if i > 0 && slices.Contains(nested, word) {
			return true
		}
		if slices.Contains(people, word) {
			return i < len(words)-2 || !slices.Contains(personNames, last)
		}
	}
	return false
}

// said are names of which an event has the value under another name, all or in
// parts.
var said = []string{
	"title", "name", "body", "note", "description", "content", "raw", "text", "summary", "iid", "number", "tag_name", "html_url", "url", "action", "tag",
	"zen", "login", "username", "ref_type", "build_name", "build_stage", "context", "environment", "target_branch", "source_branch", "ref", "sha", "head_sha", "head_branch", "target_url",
	"page_name", "message", "slug", "diff_url", "version_id", "page", "comment",
}

// keepRest puts into the event what else was said, under its own names. "state" is
// the bus's word; what the forge calls so gets a "_" at its end.
func (p *payload) keepRest(e *mapping.Event, raw mapping.Flat) {
	has := make(map[string]bool)
	for _, field := range append(e.Fields, e.Rest...) {
		has[field.Value] = true
	}
	text := oneLine(e.Fields.Get("comment") + " " + e.Rest.Get("body"))
	var rest ircbus.Fields
	for _, field := range raw.Fields {
		last := field.Key[strings.LastIndexByte(field.Key, '.')+1:]
		value := strings.TrimSpace(field.Value)
		switch {
		case p.leftOut(field.Key, field.Value):
			continue
		case value != "" && slices.Contains(said, last) && (has[value] || isIn(text, value)), last == "action" && (strings.HasSuffix(e.Fields.Get("action"), "/"+value) || e.Fields.Has("event")):
			continue
		case field.Key == "state":
			field.Key += "_"
		}
		rest = append(rest, field)
	}
	e.KeepFlat(mapping.Flat{Fields: rest, Omitted: raw.Omitted})
}

// isIn reports whether a text says this, from its beginning or to its end, or as
// far as it is kept.
func isIn(text, value string) bool {
	if value = oneLine(value); len(value) > maxBody/2 {
		value = value[:maxBody/2]
	}
	return len(value) > 3 && strings.Contains(text, value)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
