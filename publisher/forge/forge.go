// Package forge is the door for the webhooks of GitHub, Gitea, Forgejo, Gogs and
// GitLab.
//
// A push becomes one event for each commit, and one for the branch or tag that
// came, went or was forced, in the words of package vcs. Everything else is one
// event:
//
//	action    the kind of event and what happened: issues/opened,
//	          pull_request/merged, merge_request/open, release/published, ping
//	user      who did it
//	project   what the repository is called; repo is "owner/name"
//	number    of an issue or pull request
//	comment   its title; of a comment, review or release its first line or name
//	body      the rest of it
//	branch    that a pull request is for; source_branch where it comes from
//	tag       of a release
//	url       its page
//
// and what else it says, under its own names ("issue.state"), without what is
// said of the repository and of people, and without the addresses of the API.
// Events of other kinds come the same way.
//
// The key of a commit is made from the repository and the revision, as that of
// ircbus hook git; that of any other event is the delivery's id.
package forge

import (
	"net/http"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Delivery is one call of a webhook.
type Delivery struct {
	Event string // the kind, as in GitHub's X-GitHub-Event: push, issues, merge_request
	ID    string // unique for each delivery; "" if not told
	UUID  string // GitLab's, which events that a webhook has caused have in common with their cause
	Body  []byte // JSON
}

// gitlabHook is the end of what GitLab calls its events.
const gitlabHook = " Hook"

// kind reads the headers that tell what a delivery is. Gitea sends GitHub's
// headers beside its own, so its own come first.
func kind(h http.Header) (event, id string) {
	for _, forge := range [...]string{"X-Forgejo-", "X-Gitea-", "X-Gogs-", "X-GitHub-"} {
		if event = h.Get(forge + "Event"); event != "" {
			return event, h.Get(forge + "Delivery")
		}
	}
	event = strings.TrimSuffix(h.Get("X-Gitlab-Event"), gitlabHook)
	return strings.ReplaceAll(strings.ToLower(event), " ", "_"), h.Get("Idempotency-Key")
}

// Parse makes the events of a delivery. The error is an *ircbus.Refusal.
func Parse(d Delivery) ([]*mapping.Event, error) {
	if d.Event == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "no header says what it is: X-GitHub-Event, X-Gitea-Event, X-Forgejo-Event, X-Gogs-Event or X-Gitlab-Event")
	}
	var p payload
	if err := mapping.Decode(d.Body, &p); err != nil {
		return nil, err
	}
	if d.ID == "" {
		d.ID = d.UUID + string(d.Body)
	}
	d.ID = mapping.Key(d.ID)
	if d.Event == "system" { // GitLab's system hooks say the kind in the body
		d.Event = firstOf(p.ObjectKind, p.EventName, d.Event)
	}
	switch d.Event {
	case "push", "tag_push":
		if p.Ref != "" {
			return p.push(d), nil
		}
	case "create", "delete":
		if p.Ref != "" && p.RefType != "" {
			return p.refEvent(d), nil
		}
	}
	return p.other(d)
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
