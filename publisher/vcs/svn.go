package vcs

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Subversion makes the event of one call of a post-commit hook (REPOS REV and
// perhaps a transaction's name) or of a post-revprop-change hook (REPOS REV USER
// PROPNAME ACTION).
func Subversion(ctx context.Context, args []string, o Options) ([]ircbus.Fields, error) {
	if len(args) < 2 || len(args) > 5 || !isRevision(args[1]) {
		return nil, fmt.Errorf("the arguments %q are not those of a post-commit hook, REPOS REV: in hooks/post-commit put \"$@\" behind the command", args)
	}
	s := svn{run: program{ctx: ctx, name: "svnlook"}, dir: args[0], repo: repoName(args[0]), rev: args[1], Options: o}
	if s.Project == "" {
		s.Project = s.repo
	}
	if len(args) == 5 {
		return s.property(args[2], args[3], args[4])
	}
	return s.commit()
}

func isRevision(s string) bool {
	_, err := strconv.ParseUint(s, 10, 63)
	return err == nil
}

// svn is one revision of a repository.
type svn struct {
	Options
	run       program
	dir, repo string // where it is, what it is called
	rev       string
}

func (s *svn) look(command string, more ...string) ([]byte, error) {
	return s.run.output(nil, append([]string{command, "--revision", s.rev, s.dir}, more...)...)
}

func (s *svn) commit() ([]ircbus.Fields, error) {
	info, err := s.look("info")
	if err != nil {
		return nil, err
	}
	c, err := ParseSvnInfo(info)
	if err != nil {
		return nil, err
	}
	changed, err := s.look("changed")
	if err != nil {
		return nil, err
	}
	uuid, err := s.run.line("uuid", s.dir)
	if err != nil {
		return nil, err
	}
	c.Files = ParseSvnChanged(changed)
	c.Changed = len(c.Files)
	c.Module, c.Branch = svnBranch(c.Files)
	c.Project, c.Repo, c.Rev = s.Project, s.repo, s.rev
	if n, err := strconv.ParseUint(s.rev, 10, 63); err == nil && n > 1 {
		c.Parents = []string{strconv.FormatUint(n-1, 10)}
	}
	c.Key = mapping.Key("svn", uuid, s.rev, strconv.FormatInt(c.Time.Unix(), 10)) // a restored repository gives its numbers again
	return []ircbus.Fields{s.finished(c)}, nil
}

// property tells that a property of an old revision was changed; of a log
// message what it says now.
func (s *svn) property(user, name, action string) ([]ircbus.Fields, error) {
	r := Ref{
		Action: "revprop/" + action, Project: s.Project, Repo: s.repo, Rev: s.rev, User: user, Time: time.Now(),
		More: ircbus.Fields{{Key: "property", Value: name}}, Key: "svn-" + rand.Text(), URL: s.link(s.repo, "", s.rev),
	}
	if name == "svn:log" && action != "D" {
		text, err := s.look("log")
		if err != nil {
			return nil, err
		}
		r.Message = string(text)
	}
	return []ircbus.Fields{r.Fields()}, nil
}

// ParseSvnInfo reads what "svnlook info" writes: author, date, the length of the
// message, the message.
func ParseSvnInfo(output []byte) (*Commit, error) {
	words := strings.SplitN(string(toLF(output)), "\n", 4)
	if len(words) < 4 {
		return nil, fmt.Errorf("%.200q is not what svnlook info writes", output)
	}
	c := &Commit{Author: words[0], Message: words[3], Insertions: -1, Deletions: -1}
	const layout = "2006-01-02 15:04:05 -0700"
	if date := words[1]; len(date) >= len(layout) { // a readable date follows in brackets
		if t, err := time.Parse(layout, date[:len(layout)]); err == nil {
			c.Time = t
		}
	}
	return c, nil
}

// ParseSvnChanged reads what "svnlook changed" writes: four columns, then a path
// a line; that of a directory ends in a slash.
func ParseSvnChanged(output []byte) []string {
	var paths []string
	for line := range strings.Lines(string(toLF(output))) {
		if line = strings.TrimRight(line, "\n"); len(line) > 4 {
			paths = append(paths, line[4:])
		}
	}
	return paths
}

// svnBranch finds the customary directories: "proj/branches/1.0/a.c" is of the
// module proj and the branch 1.0. Both are empty where the paths do not agree.
func svnBranch(paths []string) (module, branch string) {
	for i, path := range paths {
		m, b := svnPlace(path)
		if i == 0 {
			module, branch = m, b
		}
		if m != module {
			module = ""
		}
		if b != branch {
			branch = ""
		}
	}
	return module, branch
}

func svnPlace(path string) (module, branch string) {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		switch part {
		case "trunk":
			branch = part
		case "branches", "tags":
			if i+1 < len(parts) {
				branch = parts[i+1]
			}
			if part == "tags" && branch != "" {
				branch = "tags/" + branch
			}
		default:
			continue
		}
		return strings.Join(parts[:i], "/"), branch
	}
	return "", ""
}
