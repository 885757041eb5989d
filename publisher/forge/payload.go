package forge

import (
	"net/url"
	"slices"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// repo is the repository as "owner/name".
func (p *payload) repo() string {
	r := p.repository()
	server := ""
	if key := r.Text("project", "key"); key != "" && r.Text("slug") != "" { // Bitbucket Server
		server = key + "/" + r.Text("slug")
	}
	return firstOf(p.Text("project", "path_with_namespace"), r.Text("full_name"), server, p.Text("path_with_namespace"),
		p.Text("project_path_with_namespace"), pathOf(r.Text("homepage")), r.Text("name"), p.Text("repository"), p.Text("project", "name"), p.Text("project_name"))
}

// repository is what is said of the repository: Bitbucket Server has it in other
// places.
func (p *payload) repository() mapping.Value {
	for _, path := range [...][]string{{"repository"}, {"pullRequest", "toRef", "repository"}, {"new"}} {
		if r := p.At(path...); r.IsObject() {
			return r
		}
	}
	return mapping.Value{}
}

// pathOf is the path of a repository's page: of GitLab's jobs the only place where
// it is said.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.Trim(u.Path, "/")
}

// project is what the repository is called, or the organization.
func (p *payload) project() string {
	repo := firstOf(p.repo(), p.Text("organization", "login"), p.Text("full_path"), p.Text("group_path"))
	return repo[strings.LastIndexByte(repo, '/')+1:]
}

// personNames are where people's names are, the short one first.
var personNames = []string{"login", "username", "nickname", "name", "display_name", "displayName", "slug"}

// person is what somebody is called: of an object, or the name as it stands.
func person(v mapping.Value) string {
	if v.Text() != "" {
		return v.Text()
	}
	for _, name := range personNames {
		if called := v.Text(name); called != "" {
			return called
		}
	}
	return ""
}

// actor is who did it.
func (p *payload) actor() string {
	return firstOf(person(p.At("sender")), person(p.At("actor")), p.Text("user_username"), p.Text("user_name"), person(p.At("user")),
		person(p.At("pusher")), p.Text("username"))
}

// subjects are what an event may be about, beside what its kind names.
var subjects = []string{
	"pull_request", "pullrequest", "pullRequest", "issue", "merge_request", "work_item", "snippet", "release", "discussion", "object_attributes",
	"commit_status", "alert", "rule", "key", "build", "package", "member", "team",
}

// general are members of many kinds of events that none of them is about.
var general = []string{"repository", "project", "sender", "user", "actor", "organization", "enterprise", "installation", "changes", "requester", "pusher", "owner", "hook"}

// about is what the event is about; for a comment what it is on.
func (p *payload) about() mapping.Value { return p.At(p.aboutName()) }

// aboutName is the member that the event is about, "" if it is the payload itself.
func (p *payload) aboutName() string {
	names := append(subjectOf(p.kind), subjects...)
	switch {
	case p.isResult():
		names = append(subjectOf(p.kind), "commit_status", "build", "run", "object_attributes") // "run" is Forgejo's
	case p.kind == "note" || strings.HasSuffix(p.kind, "_note"):
		names = []string{"merge_request", "issue", "work_item", "snippet", "commit"}
	}
	for _, name := range names {
		if p.At(name).IsObject() {
			return name
		}
	}
	for _, name := range p.Names() {
		if v := p.At(name); !p.isResult() && which(p.Value) == "" && v.IsObject() && which(v) != "" && !slices.Contains(general, name) && name != "comment" && name != "review" {
			return name
		}
	}
	return ""
}

// subjectOf are the members that a kind of event may be named after: "issues" is
// about the issue, "pull_request_review" about the pull request.
func subjectOf(kind string) []string {
	if kind == "deployment_status" {
		return []string{"deployment_status"}
	}
	names := []string{kind, strings.TrimSuffix(kind, "s")}
	if slices.Contains([]string{"pipeline", "build", "job", "merge_request", "wiki_page", "deployment"}, kind) { // GitLab's
		names = append(names, "object_attributes")
	}
	if i := strings.LastIndexByte(kind, '_'); i > 0 {
		names = append(names, kind[:i])
	}
	return names
}

// remark is a comment or review; empty if it is none.
func (p *payload) remark() mapping.Value {
	for _, name := range [...]string{"comment", "review"} {
		if v := p.At(name); v.IsObject() {
			return v
		}
	}
	if v := p.At("object_attributes"); v.Text("note") != "" {
		return v
	}
	return mapping.Value{}
}

// written is what somebody wrote: of a comment, an issue, a release.
func written(v mapping.Value) string {
	return firstOf(v.Text("note"), v.Text("body"), v.Text("content", "raw"), v.Text("description"), v.Text("text"), v.Text("content"), v.Text("summary"))
}

// titles are where the name of a thing may be, the most telling first.
var titles = [][]string{
	{"title"}, {"display_title"}, {"name"}, {"tag_name"}, {"context"}, {"environment"}, {"login"}, {"username"},
	{"security_advisory", "summary"}, {"rule", "description"}, {"secret_type_display_name"}, {"secret_type"},
	{"affected_package_name"}, {"summary"}, {"key"}, {"app", "name"}, {"note"}, {"message"}, {"path"}, {"content_type"}, {"slug"},
	{"tier", "name"}, {"plan", "name"}, {"ref"}, {"full_name"},
}

// which is the name of a thing.
func which(v mapping.Value) string {
	for _, path := range titles {
		if title := v.Text(path...); title != "" {
			return title
		}
	}
	return ""
}

// isAPI reports whether an address is one of the forge's API, or a template, and
// no page.
func isAPI(address string) bool {
	return strings.Contains(address, "://api.") || strings.Contains(address, "/api/v") || strings.Contains(address, "/rest/") || strings.ContainsAny(address, "{}")
}

// pages are where a thing says the address of its page, the best first.
var pages = [][]string{
	{"html_url"}, {"web_url"}, {"target_url"}, {"log_url"}, {"environment_url"}, {"details_url"}, {"deployable_url"}, {"links", "html", "href"}, {"url"}, {"commit_url"}, {"awarded_on_url"},
}

// page is the address of a thing's page, "" if it does not say one.
func page(v mapping.Value) string {
	for _, path := range pages {
		if address := v.Text(path...); address != "" && (path[0] == "html_url" || path[0] == "links" || !isAPI(address)) {
			return address
		}
	}
	for _, link := range v.At("links", "self").List() { // Bitbucket Server
		if address := link.Text("href"); address != "" {
			return address
		}
	}
	return ""
}

// home is the repository's page, else the organization's or the group's.
func (p *payload) home() string {
	return firstOf(p.Text("repository", "html_url"), p.Text("project", "web_url"), p.Text("repository", "homepage"), page(p.repository()),
		p.Text("organization", "html_url"), p.Text("sender", "html_url"))
}
