package vcs

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Options are what a hook's caller wants of every event.
type Options struct {
	Project string // "" takes the repository's name
	Link    string // URI template of a commit's page: {project} {repo} {branch} {rev}
	NoEmail bool   // leave addresses of people out
	Limit   int    // commits of one ref, and refs of one push, that become events; 0 for no limit
}

// git is one push into a git repository.
type git struct {
	Options
	run    program
	repo   string // its name
	pusher string
	now    time.Time
	more   ircbus.Fields // push options
	events []ircbus.Fields
	told   []string // tips whose commits need not be told any more, as "^rev"
}

// Git makes the events of one call of a post-receive hook, from what it reads,
// in the directory and with the environment that git gave it. Each commit is
// told once, when it comes into the repository: a branch that is moved over
// commits which another branch had is one event.
func Git(ctx context.Context, input []byte, env func(string) string, o Options) ([]ircbus.Fields, error) {
	moves, err := ParseMoves(input)
	if err != nil || len(moves) == 0 {
		return nil, err
	}
	g := &git{Options: o, run: program{ctx: ctx, name: "git"}, pusher: pusher(env), now: time.Now(), more: pushOptions(env)}
	dir, err := g.run.line("rev-parse", "--absolute-git-dir")
	if err != nil {
		return nil, err
	}
	g.repo = repoName(dir)
	if g.Project == "" {
		g.Project = g.repo
	}
	if err := g.knownTips(moves); err != nil {
		return nil, err
	}
	whole := moves
	if o.Limit > 0 && len(moves) > o.Limit {
		moves = moves[:o.Limit]
	}
	for _, m := range moves {
		if err := g.move(m); err != nil {
			return nil, err
		}
	}
	if left := len(whole) - len(moves); left > 0 {
		g.events = append(g.events, g.ref("push", Move{}, func(r *Ref) {
			r.Omitted = left
			r.Message = fmt.Sprintf("%d more branches and tags were pushed", left)
		}))
	}
	return g.events, nil
}

// repoName is what a repository is called by its directory: /srv/git/x.git and
// /srv/x/.git are x.
func repoName(dir string) string {
	dir = strings.TrimSuffix(strings.TrimRight(dir, "/"), "/.git")
	name := dir[strings.LastIndexByte(dir, '/')+1:]
	return strings.TrimSuffix(name, ".git")
}

// knownTips notes the refs that this push does not touch: their commits have been
// told before.
func (g *git) knownTips(moves []Move) error {
	touched := make(map[string]bool, len(moves))
	for _, m := range moves {
		touched[m.Ref] = true
	}
	refs, err := g.run.output(nil, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/", "refs/tags/")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(refs)) {
		rev, ref, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if !touched[ref] {
			g.told = append(g.told, "^"+rev)
		}
	}
	for _, m := range moves { // what a deleted or moved ref had has been told as well
		if !IsZero(m.Old) {
			g.told = append(g.told, "^"+m.Old)
		}
	}
	slices.Sort(g.told)
	g.told = slices.Compact(g.told)
	return nil
}

// move tells what happened to one ref.
func (g *git) move(m Move) error {
	refType, _ := SplitRef(m.Ref)
	switch {
	case IsZero(m.New):
		g.events = append(g.events, g.ref("delete", m, nil))
		return nil
	case refType == "tag":
		return g.tag(m)
	case refType != "branch":
		g.events = append(g.events, g.ref(moveAction(m), m, nil))
		return nil
	}
	return g.branch(m)
}

func moveAction(m Move) string {
	if IsZero(m.Old) {
		return "create"
	}
	return "update"
}

// branch tells that a branch came, was forced or was moved over known commits,
// and then its new commits.
func (g *git) branch(m Move) error {
	total, err := g.count(append([]string{m.New}, g.told...))
	if err != nil {
		return err
	}
	if IsZero(m.Old) {
		g.events = append(g.events, g.ref("create", m, func(r *Ref) { r.Commits = total }))
	} else if forced, passed, err := g.passed(m); err != nil {
		return err
	} else if forced || total == 0 {
		g.events = append(g.events, g.ref("update", m, func(r *Ref) { r.Forced, r.Commits = forced, passed }))
	}
	if total > 0 {
		if err := g.commits(m, total); err != nil {
			return err
		}
	}
	g.told = append(g.told, "^"+m.New)
	return nil
}

// passed reports whether a branch has lost commits, and how many it has moved
// over. After a forced push the old revision may be gone altogether.
func (g *git) passed(m Move) (forced bool, commits int, err error) {
	if _, err := g.run.line("cat-file", "-e", m.Old); err != nil {
		return true, 0, nil
	}
	lost, err := g.count([]string{m.Old, "^" + m.New})
	if err != nil {
		return false, 0, err
	}
	commits, err = g.count([]string{m.New, "^" + m.Old})
	return lost > 0, commits, err
}

// count returns how many commits a set of revisions has.
func (g *git) count(revs []string) (int, error) {
	out, err := g.run.output(lines(revs), "rev-list", "--count", "--ignore-missing", "--stdin")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(out)))
}

// commits tells the new commits of a branch, the oldest first; of too many the
// newest, and how many there were.
func (g *git) commits(m Move, total int) error {
	list := []string{"rev-list", "--reverse", "--topo-order", "--ignore-missing", "--stdin"}
	if g.Limit > 0 && total > g.Limit {
		list = append(list, "--max-count="+strconv.Itoa(g.Limit))
	}
	revs, err := g.run.output(lines(append([]string{m.New}, g.told...)), list...)
	if err != nil {
		return err
	}
	log, err := g.run.output(revs, "diff-tree", "--stdin", "--root", "-r", "-M", "-z", "--numstat", "--always",
		"--no-ext-diff", "--no-textconv", "--encoding=UTF-8", "--format="+gitFormat)
	if err != nil {
		return err
	}
	commits, err := ParseGitLog(log)
	if err != nil {
		return err
	}
	_, branch := SplitRef(m.Ref)
	for i := range commits {
		c := &commits[i]
		c.Project, c.Repo, c.Branch, c.Pusher, c.More = g.Project, g.repo, branch, g.pusher, g.more
		c.Key = mapping.Key("git", g.Project, c.Rev)
		g.events = append(g.events, g.finished(c))
	}
	if left := total - len(commits); left > 0 {
		g.events = append(g.events, g.ref("push", m, func(r *Ref) {
			r.Commits, r.Omitted = total, left
			r.Message = fmt.Sprintf("%d commits were pushed, of which the newest %d are told one by one", total, len(commits))
		}))
	}
	return nil
}

// tag tells of a tag; of an annotated one its message, and the commit that it is of.
func (g *git) tag(m Move) error {
	kind, err := g.run.line("cat-file", "-t", m.New)
	if err != nil {
		return err
	}
	var t gitTag
	rev := m.New
	if kind == "tag" {
		object, err := g.run.output(nil, "cat-file", "tag", m.New)
		if err != nil {
			return err
		}
		t = parseGitTag(object)
		if rev, err = g.run.line("rev-parse", m.New+"^{}"); err != nil {
			return err
		}
	}
	g.events = append(g.events, g.ref(moveAction(m), m, func(r *Ref) {
		r.Rev, r.Message = rev, t.message
		if t.tagger != "" {
			r.User, r.Email, r.Time = t.tagger, t.email, t.time
		}
		r.Forced = !IsZero(m.Old)
	}))
	return nil
}

// ref makes the event of a ref or, without one, of the push. Whoever pushed did
// it, and now; the same can happen again, so its key is random.
func (g *git) ref(action string, m Move, more func(*Ref)) ircbus.Fields {
	r := Ref{
		Action: action, Project: g.Project, Repo: g.repo, Name: m.Ref, User: g.pusher, Pusher: g.pusher,
		Time: g.now, More: g.more, Key: "git-" + rand.Text(),
	}
	if !IsZero(m.New) {
		r.Rev = m.New
	}
	if !IsZero(m.Old) {
		r.OldRev = m.Old
	}
	if more != nil {
		more(&r)
	}
	if g.NoEmail {
		r.Email = ""
	}
	_, branch := SplitRef(m.Ref)
	r.URL = g.link(g.repo, branch, r.Rev)
	return r.Fields()
}
