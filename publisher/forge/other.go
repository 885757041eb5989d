package forge

import (
	"slices"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// other is the event of anything that is neither a push nor a wiki's.
func (p *payload) other() *mapping.Event {
	e := &mapping.Event{}
	about := p.about()
	e.Add("action", p.action())
	e.Add("user", p.actor())
	e.Add("project", p.project())
	e.Add("repo", p.repo())
	if !p.isResult() {
		e.Add("number", p.number(about))
	}
	p.texts(e, about)
	if p.isResult() {
		p.result(e)
	} else {
		e.Add("branch", firstOf(about.Text("target_branch"), about.Text("base", "ref"), about.Text("destination", "branch", "name"), about.Text("toRef", "displayId")))
		e.Add("source_branch", firstOf(about.Text("source_branch"), about.Text("head", "ref"), about.Text("source", "branch", "name"), about.Text("fromRef", "displayId")))
		e.Add("tag", firstOf(about.Text("tag_name"), p.Text("tag")))
		e.Add("rev", firstOf(p.remark().Text("commit_id"), p.Text("commit"), p.Text("comment", "commit", "hash"), p.Text("commit", "hash")))
	}
	e.Add("url", p.address(about))
	e.Add("key", p.key())
	p.keepRest(e, p.Flat())
	return e
}

// number is that of an issue, a pull request or a milestone.
func (p *payload) number(about mapping.Value) string {
	number := firstOf(about.Text("number"), about.Text("iid"))
	if number == "" && slices.Contains([]string{"issue", "pullrequest", "pullRequest"}, p.aboutName()) { // Bitbucket's
		number = about.Text("id")
	}
	if number == "0" || strings.Trim(number, "0123456789") != "" {
		return ""
	}
	return number
}

// action is the kind of event with what happened: "issues/opened". That a pull
// request was merged is told in another place than that it was closed.
func (p *payload) action() string {
	kind := strings.ReplaceAll(p.kind, ":", "/") // Bitbucket's "pullrequest:created"
	did := firstOf(p.Text("action"), p.Text("object_attributes", "action"))
	if did == "closed" && (p.Text("pull_request", "merged") == "1" || p.Text("pull_request", "merged_at") != "") {
		did = "merged"
	}
	if did == "" {
		return kind
	}
	return kind + "/" + did
}

// texts are the title and what is written, of a comment what it says.
func (p *payload) texts(e *mapping.Event, about mapping.Value) {
	if p.isResult() {
		e.Add("comment", p.whichResult(about))
		return
	}
	title := firstOf(which(about), p.Text("name"), p.Text("zen"), which(p.Value))
	if p.kind == "organization" { // of which the organization itself is the less
		title = firstOf(person(p.At("membership", "user")), title)
	}
	if former := p.Text("changes", "repository", "name", "from"); former != "" {
		title = firstOf(title, p.project()) + " (was " + former + ")"
	}
	if version := about.Text("package_version", "version"); version != "" {
		title = strings.TrimSpace(title + " " + version)
	}
	body := firstOf(written(about), p.Text("description"))
	if text := strings.TrimSpace(written(p.remark())); text != "" {
		e.Add("title", title)
		title, body, _ = strings.Cut(text, "\n")
	}
	if title = strings.TrimSpace(title); title == "" {
		title, body, _ = strings.Cut(strings.TrimSpace(body), "\n")
	}
	if first, rest, more := strings.Cut(title, "\n"); more && body == title {
		title, body = first, rest
	}
	e.Add("comment", strings.TrimSpace(title))
	if body != title {
		e.Keep("body", mapping.Clip(strings.TrimSpace(body), maxBody))
	}
}

// maxBody is how much of a text is kept, in bytes.
const maxBody = 8 << 10

// address is the page that tells more, the best that there is.
func (p *payload) address(about mapping.Value) string {
	address := firstOf(page(p.remark()), about.Text("_links", "html", "href"), about.Text("external_reference"))
	if comments := p.At("thread", "comments").List(); address == "" && len(comments) > 0 {
		address = page(comments[0])
	}
	isPerson := slices.Contains(people, p.aboutName())
	if address == "" && !isPerson {
		address = page(about)
	}
	if address == "" && p.kind == "deployment_status" {
		address = page(p.At("deployment"))
	}
	if id := p.Text("build_id"); id != "" && p.home() != "" { // GitLab's jobs do not say theirs
		address = firstOf(address, p.home()+"/-/jobs/"+id)
	}
	if address = firstOf(address, page(p.Value), p.beside(), page(about)); address == "" && p.home() != "" && !isPerson {
		if rev := p.revision(); rev != "" && p.At("repository", "html_url").IsString() {
			return p.home() + "/commit/" + rev
		}
	}
	return firstOf(address, p.home())
}

// beside is the page of something else that the event has with it, and that is
// neither a person nor what many kinds of events have: of a run before all, which has
// its workflow with it.
func (p *payload) beside() string {
	for _, name := range append([]string{"workflow_run"}, p.Names()...) {
		if slices.Contains(general, name) || slices.Contains(people, name) {
			continue
		}
		if address := p.Text(name, "html_url"); address != "" && !isAPI(address) {
			return address
		}
	}
	return ""
}
