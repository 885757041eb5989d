package forge

import (
	"slices"
	"strconv"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/vcs"
)

// push is what happened to the ref, if it is more than new commits, and these,
// the oldest first.
func (p *payload) push(d Delivery) []*mapping.Event {
	p.order()
	var events []*mapping.Event
	if action, told := p.refAction(); told {
		events = append(events, whole(p.ref(d, action, "").Fields()))
	}
	for i := range p.Commits {
		if c := &p.Commits[i]; c.Distinct == nil || *c.Distinct {
			events = append(events, whole(p.commit(c).Fields()))
		}
	}
	if left := p.Total - len(p.Commits); left > 0 {
		r := p.ref(d, "push", "/push")
		r.Omitted = left
		r.Message = strconv.Itoa(p.Total) + " commits were pushed; the other " + strconv.Itoa(left) + " are not told one by one"
		events = append(events, whole(r.Fields()))
	}
	return events
}

// whole is an event of vcs, which has its key and its limits.
func whole(fields ircbus.Fields) *mapping.Event { return &mapping.Event{Fields: fields} }

// order puts the oldest commit first: some forges begin with the newest.
func (p *payload) order() {
	if len(p.Commits) > 1 && p.Commits[0].ID == p.After {
		slices.Reverse(p.Commits)
	}
}

// refAction is what happened to the ref, and whether that is worth an event
// beside the commits.
func (p *payload) refAction() (action string, told bool) {
	distinct := slices.ContainsFunc(p.Commits, func(c commit) bool { return c.Distinct == nil || *c.Distinct })
	switch {
	case vcs.IsZero(p.After):
		return "delete", true
	case vcs.IsZero(p.Before):
		return "create", true
	}
	return "update", p.Forced || !distinct
}

// ref is an event of the ref. what tells several of one delivery apart.
func (p *payload) ref(d Delivery, action, what string) *vcs.Ref {
	r := &vcs.Ref{
		Action: action, Project: p.project(), Repo: p.repo(), Name: p.Ref, User: p.actor(),
		Message: p.Message, Commits: max(p.Total, len(p.Commits)), Forced: p.Forced,
		URL: firstOf(p.Compare, p.CompareURL), Key: d.ID + what,
	}
	if !vcs.IsZero(p.After) {
		r.Rev = p.After
	}
	if !vcs.IsZero(p.Before) {
		r.OldRev = p.Before
	}
	return r
}

func (p *payload) commit(c *commit) *vcs.Commit {
	_, branch := vcs.SplitRef(p.Ref)
	made := &vcs.Commit{
		Project: p.project(), Repo: p.repo(), Branch: branch, Rev: c.ID, Message: c.Message, URL: c.URL,
		Author: firstOf(c.Author.Name, c.Author.String()), Email: c.Author.Email,
		Pusher: p.actor(), Insertions: -1, Deletions: -1,
		Files: slices.Concat(c.Added, c.Modified, c.Removed), Changed: -1,
		Key: mapping.Key("git", p.repo(), c.ID),
	}
	if name := firstOf(c.Committer.Name, c.Committer.String()); name != "" {
		made.Committer, made.CommitterEmail = name, c.Committer.Email
	} else {
		made.Committer, made.CommitterEmail = made.Author, made.Email
	}
	if t, err := time.Parse(time.RFC3339, c.Timestamp); err == nil {
		made.Time = t
		made.Authored = t
	}
	return made
}

// refEvent is the event "create" or "delete", which has the short name of the ref.
func (p *payload) refEvent(d Delivery) []*mapping.Event {
	switch p.RefType {
	case "branch":
		p.Ref = "refs/heads/" + p.Ref
	case "tag":
		p.Ref = "refs/tags/" + p.Ref
	}
	p.After = p.SHA
	return []*mapping.Event{whole(p.ref(d, d.Event, "").Fields())}
}
