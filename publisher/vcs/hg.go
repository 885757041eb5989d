package vcs

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// hgTemplate makes one JSON array a changeset; ParseHgLog reads it.
const hgTemplate = `[{node|json},{p1node|json},{p2node|json},{author|person|json},{author|email|json},{date|hgdate|json},{branch|json},{diffstat|json},{desc|json},{bookmarks|json},{tags|json},{files|json}]\n`

// Mercurial makes the events of one call of a changegroup, incoming or commit
// hook, in the directory and with the environment that Mercurial gave it.
func Mercurial(ctx context.Context, env func(string) string, o Options) ([]ircbus.Fields, error) {
	first := env("HG_NODE")
	if !isHex(first) {
		return nil, errors.New("HG_NODE is not set: ircbus hook hg is for Mercurial's hooks changegroup, incoming and commit")
	}
	h := hg{run: program{ctx: ctx, name: "hg"}, Options: o, pusher: pusher(env)}
	if name := env("HG"); filepath.IsAbs(name) {
		h.run.name = name
	}
	root, err := h.run.line("root")
	if err != nil {
		if root, err = os.Getwd(); err != nil {
			return nil, err
		}
	}
	h.repo = repoName(root)
	if h.Project == "" {
		h.Project = h.repo
	}
	return h.events(hgRange(first, env))
}

// hgRange is the set of changesets that a hook is about: the hooks incoming and
// commit are called for each, changegroup once for all.
func hgRange(first string, env func(string) string) string {
	switch last := env("HG_NODE_LAST"); {
	case env("HG_HOOKTYPE") == "incoming" || env("HG_HOOKTYPE") == "commit":
		return first
	case isHex(last):
		return first + ":" + last
	case env("HG_HOOKTYPE") == "" && env("HG_PARENT1") != "": // commit, of old versions
		return first
	}
	return first + ":tip"
}

// hg is what one hook tells of a repository.
type hg struct {
	Options
	run          program
	repo, pusher string
}

// events are those of a set of changesets, the oldest first; of too many the
// newest, and how many there were.
func (h *hg) events(set string) ([]ircbus.Fields, error) {
	dots, err := h.run.output(nil, "log", "--rev", set, "--template", ".")
	if err != nil {
		return nil, err
	}
	total, newest := len(dots), set
	if h.Limit > 0 && total > h.Limit {
		newest = "last(" + set + "," + strconv.Itoa(h.Limit) + ")"
	}
	log, err := h.run.output(nil, "log", "--rev", newest, "--template", hgTemplate)
	if err != nil {
		return nil, err
	}
	commits, err := ParseHgLog(log)
	if err != nil {
		return nil, err
	}
	var events []ircbus.Fields
	for i := range commits {
		c := &commits[i]
		c.Project, c.Repo, c.Pusher = h.Project, h.repo, h.pusher
		c.Key = mapping.Key("hg", h.Project, c.Rev)
		events = append(events, h.finished(c))
	}
	if left := total - len(commits); left > 0 {
		last := commits[len(commits)-1]
		r := Ref{
			Action: "push", Project: h.Project, Repo: h.repo, User: h.pusher, Time: time.Now(), Commits: total, Omitted: left, Rev: last.Rev,
			Message: fmt.Sprintf("%d changesets were pushed, of which the newest %d are told one by one", total, len(commits)),
			Key:     "hg-" + rand.Text(), // the same changesets can be stripped, and pushed again
		}
		events = append(events, r.Fields())
	}
	return events, nil
}

// ParseHgLog reads what "hg log" writes by this package's template.
func ParseHgLog(output []byte) ([]Commit, error) {
	var commits []Commit
	for line := range bytes.Lines(output) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var node, p1, p2, author, email, date, branch, stat, desc string
		var bookmarks, tags, files []string
		values := []any{&node, &p1, &p2, &author, &email, &date, &branch, &stat, &desc, &bookmarks, &tags, &files}
		wanted := len(values)
		if err := json.Unmarshal(line, &values); err != nil || len(values) != wanted || node == "" {
			return nil, fmt.Errorf("hg log writes %.200q where a changeset should be", line)
		}
		c := Commit{
			Rev: node, Author: author, Email: email, Time: hgTime(date), Branch: branch, Message: desc,
			Files: files, Changed: len(files),
		}
		for _, parent := range []string{p1, p2} {
			if !IsZero(parent) {
				c.Parents = append(c.Parents, parent)
			}
		}
		c.Insertions, c.Deletions = hgStat(stat)
		c.More = hgNames(bookmarks, tags)
		commits = append(commits, c)
	}
	return commits, nil
}

// hgNames are the bookmarks and tags of a changeset; "tip" is no name.
func hgNames(bookmarks, tags []string) ircbus.Fields {
	var e mapping.Event
	for _, name := range bookmarks[:min(len(bookmarks), maxMerged)] {
		e.Keep("bookmark", name)
	}
	for _, name := range tags[:min(len(tags), maxMerged)] {
		if name != "tip" {
			e.Keep("tag", name)
		}
	}
	return e.Rest
}

// hgTime reads Mercurial's "1157407993 25200": seconds and the zone's.
func hgTime(date string) time.Time {
	seconds, _, _ := strings.Cut(date, " ")
	return unixTime(seconds)
}

// hgStat reads Mercurial's "3: +10/-2": files, inserted and deleted lines.
func hgStat(stat string) (insertions, deletions int) {
	_, rest, ok := strings.Cut(stat, ": +")
	inserted, deleted, ok2 := strings.Cut(rest, "/-")
	if !ok || !ok2 {
		return -1, -1
	}
	return number(inserted), number(deleted)
}
