package forge

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
	"github.com/ircbus/ircbus/publisher/vcs"
)

// pushed is what came to one ref.
type pushed struct {
	*payload
	ref           string // refs/heads/main
	before, after string
	forced        bool
	created       bool // as the forge says beside the revisions
	deleted       bool
	commits       []mapping.Value // the oldest first
	total         int             // commits that were pushed, told or not; 0 is not known
	cut           bool            // there are more, and nobody says how many
	url           string
	message       string // of an annotated tag
	rest          mapping.Flat
}

// most is how many commits GitHub tells of one push, at most.
const most = 2048

// ofPush are the members of a push that its events have under other names, or that
// repeat its commits.
var ofPush = []string{
	"ref", "before", "after", "forced", "created", "deleted", "compare", "compare_url", "commits", "head_commit", "message", "checkout_sha",
	"total_commits", "total_commits_count", "size", "distinct_size", "user_name", "user_username", "user_email", "user_avatar", "user_id", "project_id",
}

// push is the push of GitHub, Gitea, Forgejo, Gogs and GitLab.
func (p *payload) push() []*mapping.Event {
	u := &pushed{
		payload: p, ref: p.Text("ref"), before: p.Text("before"), after: p.Text("after"), forced: p.Text("forced") == "1",
		created: isTrue(p.Text("created")), deleted: isTrue(p.Text("deleted")),
		commits: p.At("commits").List(), url: firstOf(p.Text("compare"), p.Text("compare_url")), message: p.Text("message"),
		rest: p.Without(asRead(p.Value, ofPush)...).Flat(),
	}
	for _, name := range [...]string{"total_commits_count", "total_commits", "size"} {
		n, _ := strconv.Atoi(p.Text(name))
		u.total = max(u.total, n)
	}
	if len(u.commits) > 1 && u.commits[0].Text("id") == u.after { // some begin with the newest
		slices.Reverse(u.commits)
	}
	u.cut = u.total == 0 && (len(u.commits) >= most || !u.tells(firstOf(p.Text("head_commit", "id"), p.Text("checkout_sha"))))
	u.rest.Omitted += p.Omitted()
	return u.events()
}

// tells reports whether a revision is among the commits, or nothing can be said.
func (u *pushed) tells(rev string) bool {
	return rev == "" || len(u.commits) == 0 || slices.ContainsFunc(u.commits, func(c mapping.Value) bool { return revOf(c) == rev })
}

// events are what happened to the ref, if it is more than new commits, and these.
func (u *pushed) events() []*mapping.Event {
	var events []*mapping.Event
	if action, told := u.refAction(); told {
		events = append(events, u.whole(u.refFields(action).Fields()))
	}
	for _, c := range u.commits {
		if isDistinct(c) {
			events = append(events, u.whole(u.commit(c).Fields()))
		}
	}
	left := max(u.total-len(u.commits), 0)
	if left == 0 && !u.cut {
		return events
	}
	r := u.refFields("push", "push")
	r.Omitted = left
	r.Message = strconv.Itoa(u.total) + " commits were pushed; the other " + strconv.Itoa(left) + " are not told one by one"
	if left == 0 {
		r.Message = "more commits were pushed than the " + strconv.Itoa(len(u.commits)) + " that are told one by one"
	}
	return append(events, u.whole(r.Fields()))
}

// whole is an event of vcs, which has its key and its limits.
func (u *pushed) whole(fields ircbus.Fields) *mapping.Event { return &mapping.Event{Fields: fields} }

// isDistinct reports whether no other branch has the commit: GitHub tells of both.
func isDistinct(c mapping.Value) bool { return !c.Has("distinct") || c.Text("distinct") == "1" }

// refAction is what happened to the ref, and whether that is worth an event
// beside the commits.
func (u *pushed) refAction() (action string, told bool) {
	switch {
	case u.deleted || isNone(u.after):
		return "delete", true
	case u.created || isNone(u.before):
		return "create", true
	}
	return "update", u.forced || !slices.ContainsFunc(u.commits, isDistinct)
}

// isNone reports whether a forge says that there is no revision: all zeros. One that
// is not told says nothing.
func isNone(rev string) bool { return rev != "" && vcs.IsZero(rev) }

// asRead are those of a push or change that are of the type in which they are read.
func asRead(v mapping.Value, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		switch member := v.At(name); name {
		case "commits":
			return !member.IsList()
		case "head_commit", "new", "old", "links":
			return !member.IsObject()
		case "ref": // an object in a change of Bitbucket Server's
			return v.Has("toHash") != member.IsObject()
		default:
			return member.IsObject() || member.IsList()
		}
	})
}

// refFields is an event of the ref. what tells several of one delivery apart.
func (u *pushed) refFields(action string, what ...string) *vcs.Ref {
	r := &vcs.Ref{
		Action: action, Project: u.project(), Repo: u.repo(), Name: u.ref, User: u.actor(),
		Message: u.message, Commits: max(u.total, len(u.commits)), Forced: u.forced,
		URL: firstOf(u.url, u.home()), Key: u.key(what...),
	}
	r.More, r.Unkept = u.more(u.rest)
	if !vcs.IsZero(u.after) {
		r.Rev = u.after
	}
	if !vcs.IsZero(u.before) {
		r.OldRev = u.before
	}
	return r
}

// more is what is left of a list, under its own names.
func (u *pushed) more(raw mapping.Flat) (rest ircbus.Fields, unkept int) {
	var e mapping.Event
	u.keepRest(&e, raw)
	return e.Rest, e.Omitted
}

// ofCommit are the members of a commit that its event has under other names.
var ofCommit = []string{
	"id", "message", "title", "timestamp", "url", "author", "committer", "distinct", "added", "removed", "modified",
	"hash", "date", "links", "summary", "rendered", "parents", "displayId",
}

// expected are those of a commit that are of the type in which they are read.
func expected(c mapping.Value) (names []string) {
	for _, name := range ofCommit {
		switch v := c.At(name); name {
		case "author", "committer", "links", "summary", "rendered", "parents":
			names = append(names, name)
		case "added", "removed", "modified":
			if v.IsList() && len(v.Texts()) == len(v.List()) {
				names = append(names, name)
			}
		default:
			if !v.IsObject() && !v.IsList() {
				names = append(names, name)
			}
		}
	}
	return names
}

func (u *pushed) commit(c mapping.Value) *vcs.Commit {
	refType, name := vcs.SplitRef(u.ref)
	rev := revOf(c)
	author, email := authorOf(c.At("author"))
	made := &vcs.Commit{
		Project: u.project(), Repo: u.repo(), Rev: rev, Message: firstOf(c.Text("message"), c.Text()), URL: page(c), Parents: parents(c),
		Author: author, Email: email,
		Pusher: u.actor(), Insertions: -1, Deletions: -1,
		Files: slices.Concat(c.Texts("added"), c.Texts("modified"), c.Texts("removed")), Changed: -1,
		Key: mapping.Key("git", u.repo(), rev),
	}
	switch refType {
	case "branch":
		made.Branch = name
	case "tag": // whose commits some branch tells, too
		made.Tag, made.Key = name, u.key(rev)
	}
	if rev == "" { // nothing tells two of them apart
		made.Key = ""
	}
	if name, email := authorOf(c.At("committer")); name != "" {
		made.Committer, made.CommitterEmail = name, email
	} else {
		made.Committer, made.CommitterEmail = made.Author, made.Email
	}
	rest := c.Without(expected(c)...).Flat()
	if at := firstOf(c.Text("timestamp"), c.Text("date"), c.Text("committerTimestamp")); at != "" {
		if made.Time = timeOf(at); made.Time.IsZero() {
			rest.Fields = append(rest.Fields, ircbus.Field{Key: "time", Value: at})
		}
		made.Authored = made.Time
	}
	made.More, made.Unkept = u.more(mapping.Flat{Fields: append(rest.Fields, u.rest.Fields...), Omitted: rest.Omitted + u.rest.Omitted})
	return made
}

// revOf is a commit's revision: Bitbucket calls it hash.
func revOf(c mapping.Value) string { return firstOf(c.Text("id"), c.Text("hash")) }

// parents are the revisions before a commit, where they are told.
func parents(c mapping.Value) (revs []string) {
	for _, parent := range c.At("parents").List() {
		if rev := revOf(parent); rev != "" {
			revs = append(revs, rev)
		}
	}
	return revs
}

// authorOf is an author as a commit has it, where the name goes before the account.
// Bitbucket has what git has: "Emma <emma@example.org>".
func authorOf(v mapping.Value) (name, email string) {
	name, email = firstOf(v.Text("name"), person(v)), firstOf(v.Text("email"), v.Text("emailAddress"))
	if raw := v.Text("raw"); raw != "" {
		name, email, _ = strings.Cut(raw, " <")
		email = strings.TrimSuffix(email, ">")
	}
	return name, email
}

// timeOf reads the time of a commit: RFC 3339, or Bitbucket Server's milliseconds;
// zero if it is neither.
func timeOf(text string) time.Time {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 0 && ms < 253402300800_000 { // the year 10000
		return time.UnixMilli(ms)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// known are the members of a create or delete that its event has under other names.
func (u *pushed) known() []string {
	known := []string{"sha"}
	if refType, _ := vcs.SplitRef(u.ref); refType != "" {
		known = append(known, "ref_type")
	}
	return known
}

// refEvent is the event "create" or "delete", which has the short name of the ref.
func (p *payload) refEvent() []*mapping.Event {
	u := &pushed{payload: p, ref: p.Text("ref"), after: p.Text("sha"), rest: p.Without(ofPush...).Flat()}
	switch p.Text("ref_type") {
	case "branch":
		u.ref = "refs/heads/" + strings.TrimPrefix(u.ref, "refs/heads/")
	case "tag":
		u.ref = "refs/tags/" + strings.TrimPrefix(u.ref, "refs/tags/")
	}
	u.rest = u.rest.Without(u.known()...)
	u.rest.Omitted += p.Omitted()
	return []*mapping.Event{u.whole(u.refFields(p.kind).Fields())}
}
