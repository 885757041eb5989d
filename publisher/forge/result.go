package forge

import (
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// isResult reports whether the event tells how a build, check, deployment or
// status is going. Forges have many words for these.
func (p *payload) isResult() bool {
	kind := strings.ToLower(p.kind)
	if strings.Contains(kind, "dispatch") || strings.Contains(kind, "rule") || strings.HasPrefix(kind, "projects_") {
		return false
	}
	for _, word := range [...]string{"build", "status", "check", "pipeline", "deployment", "workflow"} {
		if strings.Contains(kind, word) {
			return true
		}
	}
	return kind == "job" || strings.HasPrefix(kind, "action_run") || strings.HasSuffix(kind, "_job") || strings.HasSuffix(kind, "_run")
}

// result says how it is going, and what it is of.
func (p *payload) result(e *mapping.Event) {
	e.Add("state", p.state())
	branch := p.branch()
	if p.Text("tag") == "1" || p.Text("object_attributes", "tag") == "1" { // GitLab's
		e.Add("tag", branch)
	} else {
		e.Add("branch", branch)
	}
	e.Add("rev", p.revision())
}

// state is the source's word for the result in the bus's: the conclusion goes
// before the status, which then says that there is one.
func (p *payload) state() string {
	about := p.about()
	for _, v := range []mapping.Value{about, p.Value} {
		for _, name := range [...]string{"conclusion", "build_status", "state", "status", "result"} {
			if state := mapping.State(v.Text(name)); state != "" {
				return state
			}
		}
	}
	if p.kind == "deployment" && p.Text("action") == "created" {
		return mapping.Pending
	}
	return ""
}

func (p *payload) branch() string {
	about := p.about()
	for _, v := range []mapping.Value{about, about.At("check_suite"), about.At("deployment"), p.At("deployment"), p.Value} {
		for _, name := range [...]string{"head_branch", "ref", "refname", "prettyref"} {
			if branch := v.Text(name); branch != "" {
				branch = strings.TrimPrefix(branch, "refs/heads/")
				return strings.TrimPrefix(branch, "refs/tags/")
			}
		}
	}
	if branches := p.At("branches").List(); len(branches) > 0 {
		return branches[0].Text("name")
	}
	return ""
}

func (p *payload) revision() string {
	about := p.about()
	for _, v := range []mapping.Value{about, about.At("deployment"), p.At("deployment"), p.Value} {
		for _, name := range [...]string{"head_sha", "sha", "short_sha", "commit_id", "commit_sha"} {
			if rev := v.Text(name); rev != "" {
				return rev
			}
		}
	}
	return firstOf(about.Text("commit", "hash"), about.Text("commit"))
}

// whichResult is which build, check, deployment or status it is, and what it says
// of itself: "CI #42", "ci/jenkins: 3 tests failed", "build / test".
func (p *payload) whichResult(about mapping.Value) string {
	name := firstOf(p.Text("build_name"), about.Text("name"), p.Text("workflow", "name"), p.Text("context"), about.Text("context"),
		p.Text("environment"), about.Text("environment"), p.Text("deployment", "environment"), about.Text("app", "name"), about.Text("workflow_id"))
	if stage := firstOf(p.Text("build_stage"), about.Text("workflow_name")); stage != "" && stage != name {
		name = strings.TrimPrefix(stage+" / "+name, " / ")
	}
	number := firstOf(about.Text("run_number"), about.Text("index_in_repo"), p.Text("build_id"))
	if p.kind == "pipeline" {
		name, number = firstOf(name, "pipeline"), about.Text("id")
	}
	if number != "" {
		name = strings.TrimSpace(name + " #" + number)
	}
	failure := ""
	if p.state() == mapping.Failed {
		failure = p.Text("build_failure_reason")
	}
	says := firstOf(about.Text("output", "title"), about.Text("description"), p.Text("description"), about.Text("display_title"),
		failure, p.Text("commit_title"), about.Text("error", "message"), about.Text("message"), about.Text("title"))
	if says = strings.TrimSpace(says); says != "" && says != name && says != "unknown_failure" {
		first, _, _ := strings.Cut(says, "\n")
		name = strings.TrimPrefix(name+": "+first, ": ")
	}
	return name
}
