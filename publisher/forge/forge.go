// Package forge is the door for the webhooks of GitHub, Gitea, Forgejo, Gogs,
// GitLab and Bitbucket (Cloud and Server).
//
// A push becomes one event for each commit, and one for the branch or tag that
// came, went or was forced, in the words of package vcs. A change of a wiki becomes
// one event for each page, in a wiki's words. Everything else is one event:
//
//	action    the kind of event and what happened: issues/opened,
//	          pull_request/merged, merge_request/open, release/published, ping
//	user      who did it
//	project   what the repository is called; repo is "owner/name"
//	number    of an issue or pull request
//	comment   its title; of a comment, review or release its first line or name; of a
//	          build, check, deployment or status which it is
//	state     of these: success, failed, cancelled, skipped, running or pending
//	body      the rest of it
//	branch    that a pull request is for; source_branch where it comes from
//	rev       the revision that was built, checked or deployed
//	tag       of a release
//	url       its page
//
// and what else it says, under its own names ("issue.state"), without what leftOut
// names. Events of other kinds come the same way.
//
// The key of a commit is made from the repository and the revision, as that of
// ircbus hook git; that of any other event from what was signed, if that has a time
// of its own, else it is the delivery's id.
package forge

import (
	"crypto/sha256"
	"encoding/hex"
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

	Confidential bool // what a forge calls confidential is wanted, too
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
	if event = h.Get("X-Event-Key"); event != "" { // Bitbucket; Server calls the id otherwise
		return event, firstOf(h.Get("X-Request-UUID"), h.Get("X-Request-Id"))
	}
	event = strings.TrimSuffix(h.Get("X-Gitlab-Event"), gitlabHook)
	return strings.ReplaceAll(strings.ToLower(event), " ", "_"), h.Get("Idempotency-Key")
}

// payload is what a delivery says.
type payload struct {
	mapping.Value
	kind string
	id   string // of the delivery, for keys; "" if nothing tells two apart
}

// Parse makes the events of a delivery: none if it is confidential and that is not
// wanted. The error is an *ircbus.Refusal.
func Parse(d Delivery) ([]*mapping.Event, error) {
	if d.Event == "" {
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "no header says what it is: X-GitHub-Event, X-Gitea-Event, X-Forgejo-Event, X-Gogs-Event, X-Gitlab-Event or X-Event-Key")
	}
	value, err := mapping.ReadObject(d.Body)
	if err != nil {
		return nil, err
	}
	p := &payload{Value: value, kind: d.Event}
	if p.kind == "system" { // GitLab's system hooks say the kind in the body
		p.kind = firstOf(p.Text("object_kind"), p.Text("event_name"), p.kind)
	}
	if p.confidential() && !d.Confidential {
		return nil, nil
	}
	p.id = p.identity(d)
	switch p.kind {
	case "push", "tag_push":
		if p.Text("ref") != "" {
			return p.push(), nil
		}
	case "create", "delete":
		if p.Text("ref") != "" && p.Text("ref_type") != "" {
			return p.refEvent(), nil
		}
	case "repo:push":
		return p.bitbucketPush(p.At("push", "changes").List()), nil
	case "repo:refs_changed", "mirror:repo_synchronized":
		return p.bitbucketPush(p.At("changes").List()), nil
	case "gollum":
		if pages := p.At("pages").List(); len(pages) > 0 {
			return p.wikiPages(pages), nil
		}
	case "wiki", "wiki_page":
		return p.wikiPages([]mapping.Value{p.wikiPage()}), nil
	}
	return []*mapping.Event{p.other()}, nil
}

// confidential reports whether GitLab says that not everybody may read this: an
// issue, or a note on one.
func (p *payload) confidential() bool {
	if strings.HasPrefix(p.kind, "confidential_") || strings.HasPrefix(p.Text("event_type"), "confidential_") {
		return true
	}
	for _, name := range p.Names() {
		about := p.At(name)
		isNote := name == "object_attributes" || name == "note"
		if isTrue(about.Text("confidential")) || isNote && isTrue(about.Text("internal")) {
			return true
		}
	}
	return isTrue(p.Text("confidential"))
}

// isTrue reads a truth value, also where it is a string.
func isTrue(text string) bool { return text == "1" || strings.EqualFold(text, "true") }

// identity makes of a delivery what tells it from all others. What was signed
// does, if it has a time of its own: then a delivery that somebody has caught is
// known when it comes again under another id. Without that the forge's id does:
// ann can star a project twice, in the same words. "" if there is neither.
func (p *payload) identity(d Delivery) string {
	switch {
	case p.hasTime():
		sum := sha256.Sum256([]byte(p.kind + "\n" + string(d.Body)))
		return "body " + hex.EncodeToString(sum[:20])
	case d.ID != "":
		return mapping.Key(d.ID)
	case d.UUID != "":
		return mapping.Key(d.UUID + string(d.Body))
	}
	return ""
}

// key tells several events of one delivery apart.
func (p *payload) key(what ...string) string {
	if p.id == "" {
		return ""
	}
	return mapping.Key(append([]string{p.id}, what...)...)
}

// changing are names of times that are others each time something happens.
var changing = []string{
	"updated_at", "updated_on", "updatedDate", "modified_at", "edited_at", "submitted_at", "starred_at", "completed_at", "finished_at", "closed_at",
	"merged_at", "deleted_at", "pushed_at", "status_changed_at", "build_finished_at", "date", "timestamp",
}

// born are names of times that are others each time something new is made.
var born = []string{"created_at", "created_on", "createdDate", "released_at", "published_at"}

// hasTime reports whether what it is about has a time that no other delivery has:
// one that moves with each change, or of what is new the one when it was made.
func (p *payload) hasTime() bool {
	names := changing
	if _, did, _ := strings.Cut(p.action(), "/"); did == "created" || did == "opened" || did == "create" || did == "open" || did == "published" {
		names = append(names[:len(names):len(names)], born...)
	}
	about := []mapping.Value{p.about(), p.remark(), p.Value}
	if p.kind == "push" || p.kind == "create" || p.kind == "delete" {
		about = []mapping.Value{p.At("repository")} // which tells when it was pushed to
		names = []string{"pushed_at", "updated_at"}
	}
	for _, v := range about {
		for _, name := range names {
			if v.Text(name) != "" {
				return true
			}
		}
	}
	return false
}

func firstOf(values ...string) string {
	for _, value := range values {
		if value != "" {
			return value
		}
	}
	return ""
}
