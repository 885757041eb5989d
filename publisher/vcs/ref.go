package vcs

import (
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// Ref is what happened to a branch or tag beside its new commits, or to a whole
// push.
type Ref struct {
	Action string // create, delete, update, push

	Project, Repo string
	Name          string // refs/heads/main
	Rev, OldRev   string // "" for none
	Message       string // an annotated tag's
	User, Email   string
	Pusher        string
	Time          time.Time

	Commits int  // that it moved over; 0 if not known or none
	Omitted int  // of them, or of a push's refs, those that are no event
	Forced  bool // commits are no longer on it

	URL    string
	Key    string
	More   ircbus.Fields // as a Commit's
	Unkept int
}

// Fields returns the event.
func (r *Ref) Fields() ircbus.Fields {
	var e event
	e.Add("action", r.Action)
	e.Add("user", r.User)
	e.time("time", r.Time)
	e.Add("project", r.Project)
	e.Add("repo", r.Repo)
	refType, name := SplitRef(r.Name)
	e.Add("ref", r.Name)
	e.Add("ref_type", refType)
	e.Add(refType, name)
	e.Add("rev", r.Rev)
	e.Add("oldrev", r.OldRev)
	e.message(r.Message)
	if r.Forced {
		e.Add("forced", "1")
	}
	if r.Commits > 0 {
		e.count("commits", r.Commits)
	}
	if r.Omitted > 0 {
		e.count("omitted", r.Omitted)
	}
	e.Add("url", r.URL)
	e.Add("email", r.Email)
	e.Add("pusher", r.Pusher)
	return e.finish(r.More, r.Unkept, r.Key)
}

// SplitRef tells a branch from a tag. Of any other ref both results are empty.
func SplitRef(ref string) (refType, name string) {
	if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		return "branch", name
	}
	if name, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return "tag", name
	}
	return "", ""
}

// IsZero reports whether a git revision is the one that means "none".
func IsZero(rev string) bool { return strings.Trim(rev, "0") == "" }
