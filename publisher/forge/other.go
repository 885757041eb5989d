package forge

import (
	"strconv"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// other is the event of anything that is not a push.
func (p *payload) other(d Delivery) ([]*mapping.Event, error) {
	raw, err := mapping.Flatten(d.Body)
	if err != nil {
		return nil, err
	}
	e := &mapping.Event{}
	about := p.about()
	e.Add("action", p.action(d.Event, about))
	e.Add("user", p.actor())
	e.Add("project", p.project())
	e.Add("repo", p.repo())
	if n := max(about.Number, about.IID); n > 0 {
		e.Add("number", strconv.Itoa(n))
	}
	p.texts(e, about)
	e.Add("branch", firstOf(about.TargetBranch, about.Base.Ref))
	e.Add("source_branch", firstOf(about.SourceBranch, about.Head.Ref))
	e.Add("tag", firstOf(about.TagName, p.Tag))
	e.Add("url", p.address(about))
	e.Add("key", d.ID)
	for _, field := range raw {
		if !repeated(field.Key) {
			e.Keep(field.Key, field.Value)
		}
	}
	return []*mapping.Event{e}, nil
}

// about is what the event is about: for a comment what it is on.
func (p *payload) about() *subject {
	for _, s := range []*subject{p.PullRequest, p.Issue, p.MergeRequest, p.Release, p.Attributes} {
		if s != nil {
			return s
		}
	}
	return &subject{}
}

// remark is a comment or review, nil if it is none.
func (p *payload) remark() *subject {
	switch {
	case p.Comment != nil:
		return p.Comment
	case p.Review != nil:
		return p.Review
	case p.Attributes != nil && p.Attributes.Note != "":
		return p.Attributes
	}
	return nil
}

// action is the kind of event with what happened: "issues/opened". That a pull
// request was merged is told in another place than that it was closed.
func (p *payload) action(kind string, about *subject) string {
	did := p.Action
	if did == "" && p.Attributes != nil {
		did = p.Attributes.Action
	}
	if did == "closed" && p.PullRequest != nil && about.Merged {
		did = "merged"
	}
	if did == "" {
		return kind
	}
	return kind + "/" + did
}

// texts are the title and what is written, of a comment what it says.
func (p *payload) texts(e *mapping.Event, about *subject) {
	title := firstOf(about.Title, about.Name, about.TagName, p.Name, p.Zen)
	body := firstOf(about.Body, about.Description, p.Description)
	if remark := p.remark(); remark != nil {
		if text := strings.TrimSpace(firstOf(remark.Note, remark.Body)); text != "" {
			e.Add("title", title)
			title, body, _ = strings.Cut(text, "\n")
		}
	}
	e.Add("comment", strings.TrimSpace(title))
	e.Keep("body", mapping.Clip(strings.TrimSpace(body), maxBody))
}

// maxBody is how much of a text is kept, in bytes.
const maxBody = 8 << 10

func (p *payload) address(about *subject) string {
	if remark := p.remark(); remark != nil {
		if address := firstOf(remark.HTMLURL, remark.URL); address != "" {
			return address
		}
	}
	return firstOf(about.HTMLURL, about.URL, p.URL)
}

// repeated reports whether a name of the source is said elsewhere in the event, or
// says nothing of what happened: the repository, people's pages, addresses of the
// forge's API.
func repeated(name string) bool {
	first, rest, nested := strings.Cut(name, ".")
	switch first {
	case "repository", "sender", "user", "project", "organization", "enterprise", "installation":
		return true
	case "action", "zen", "hook", "object_kind", "event_type", "description", "name", "tag", "url":
		return !nested || first == "hook"
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	switch last {
	case "title", "body", "note", "node_id", "gravatar_id", "site_admin", "url", "avatar_url", "iid", "number", "tag_name":
		return true
	}
	inner := strings.Split(rest, ".")
	for _, part := range inner[:max(len(inner)-1, 0)] {
		switch part {
		case "repo", "user", "owner", "author", "source", "target", "_links", "assignee", "uploader":
			return true
		}
	}
	return strings.HasSuffix(last, "_url")
}
