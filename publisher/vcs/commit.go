// Package vcs says what version control says in the bus's words: git, CVS,
// Subversion and Mercurial by their hooks (ircbus hook), and others that tell of
// commits, such as publisher/forge.
//
// The fields of a commit:
//
//	action     commit
//	user       the author's name; CVS and Subversion know only an account
//	time       when it was committed
//	project    what the repository is called
//	repo       the repository: its directory's name, CVS's root, or "owner/name"
//	module     CVS: the directory; Subversion: the project's directory in the repository
//	branch     without refs/heads/; tag if it came with one
//	rev        the whole name of the revision, or its number
//	oldrev     the one before it; of a merge the first
//	merged     of a merge the others
//	comment    the first line of the message
//	body       the rest of it; of more than 8 KiB the beginning
//	files      each changed path; at most MaxFiles, then files_omitted counts the others
//	files_changed, insertions, deletions
//	url        a page about it
//	email, committer, committer_email, author_time, pusher
//	key        from the repository and the revision
//
// A branch or tag that came, went or moved without a new commit has ref (the
// whole name), ref_type ("branch", "tag" or ""), branch or tag, rev, oldrev and
// the action create, delete or update; forced=1 says that commits are no longer
// on it. Of a push with too many commits or refs, the action push counts what was
// left out.
package vcs

import (
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Commit is one commit, as far as its program tells. What is empty, zero or, for
// the counts, negative is left out.
type Commit struct {
	Project, Repo, Module, Branch string
	Tag                           string // in whose push it came

	Rev     string
	Parents []string
	Message string

	Author, Email             string
	Committer, CommitterEmail string
	Pusher                    string
	Time, Authored            time.Time

	Files                          []string
	Changed, Insertions, Deletions int

	URL    string
	Key    string
	More   ircbus.Fields // what else is told, under its own names
	Unkept int           // values that are told and not in More
}

// Limits of one event, so that one part of it does not push out all others.
const (
	MaxFiles  = 32      // paths that are named
	maxPaths  = 3 << 10 // bytes of them
	maxBody   = 8 << 10 // bytes of a message but for its first line
	maxMerged = 4       // merged revisions that are named
)

// Fields returns the event, within the bus's usual limits.
func (c *Commit) Fields() ircbus.Fields {
	var e event
	e.Add("action", "commit")
	e.Add("user", c.Author)
	e.time("time", c.Time)
	e.Add("project", c.Project)
	e.Add("repo", c.Repo)
	e.Add("module", c.Module)
	e.Add("branch", c.Branch)
	e.Add("tag", c.Tag)
	e.Add("rev", c.Rev)
	e.parents(c.Parents)
	e.message(c.Message)
	e.files(c.Files, c.Changed)
	e.count("insertions", c.Insertions)
	e.count("deletions", c.Deletions)
	e.Add("url", c.URL)
	e.Add("email", c.Email)
	if c.Committer != c.Author || c.CommitterEmail != c.Email {
		e.Add("committer", c.Committer)
		e.Add("committer_email", c.CommitterEmail)
	}
	if !c.Authored.Equal(c.Time) {
		e.time("author_time", c.Authored)
	}
	e.Add("pusher", c.Pusher)
	return e.finish(c.More, c.Unkept, c.Key)
}

// event is an event in the making.
type event struct{ mapping.Event }

func (e *event) count(key string, n int) {
	if n >= 0 {
		e.Add(key, strconv.Itoa(n))
	}
}

func (e *event) time(key string, t time.Time) {
	if !t.IsZero() {
		e.Add(key, t.UTC().Format(time.RFC3339))
	}
}

func (e *event) parents(revs []string) {
	for i, rev := range revs[:min(len(revs), 1+maxMerged)] {
		if i == 0 {
			e.Add("oldrev", rev)
		} else {
			e.Add("merged", rev)
		}
	}
}

// message takes a message apart into comment and body.
func (e *event) message(message string) {
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	first, rest, _ := strings.Cut(message, "\n")
	e.Add("comment", strings.TrimSpace(first))
	e.Keep("body", mapping.Clip(strings.TrimSpace(rest), maxBody))
}

// files names the changed paths. changed is how many there are; if negative, it
// is not known that there are more.
func (e *event) files(paths []string, changed int) {
	size, named := 0, 0
	for _, path := range paths {
		if size += len(path); named == MaxFiles || size > maxPaths {
			break
		}
		e.Keep("files", path)
		named++
	}
	if changed = max(changed, len(paths)); changed > 0 {
		e.count("files_changed", changed)
	}
	if omitted := changed - named; omitted > 0 {
		e.count("files_omitted", omitted)
	}
}

// finish adds more, under its own names, and the key.
func (e *event) finish(more ircbus.Fields, unkept int, key string) ircbus.Fields {
	e.Add("key", key)
	e.Rest, e.Omitted = append(e.Rest, more...), unkept
	return e.Fit(0)
}
