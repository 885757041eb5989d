package vcs

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Loginfo is one call of CVS's loginfo: the changes of one commit in one
// directory.
type Loginfo struct {
	CommitID string // %I, since CVS 1.12; "" if not told
	Root     string // %r, the repository
	Module   string // %p, the directory below it
	Title    string // "New directory" or "Imported sources": then there are no files

	Files []CVSFile

	Tag      string // the branch; "" on the trunk
	Vendor   string // of an import the vendor's branch
	Releases string // and its tags
	Message  string
}

// CVSFile is one file of a commit, with "NONE" where it was not there.
type CVSFile struct{ Name, Old, New string }

// ParseLoginfo reads the arguments and the standard input of a loginfo command.
// The arguments may be, with their format strings in CVS's own order,
//
//	%I %r %p %{sVv}     commit id, repository, directory, then three words a file
//	%r %p %s            as cvs2psyc is called: only the names of the files
//	%{sVv} or %s        of CVS 1.11: one word, "directory file,old,new file,old,new"
//
// and each before it may be left out where the input tells the same.
func ParseLoginfo(args []string, input []byte) (*Loginfo, error) {
	l := &Loginfo{}
	update := l.parseInput(string(toLF(input)))
	rest := args
	if len(rest) > 1 && isCommitID(rest[0]) {
		l.CommitID, rest = rest[0], rest[1:]
	}
	if len(rest) > 1 && strings.HasPrefix(rest[0], "/") {
		l.Root, rest = strings.TrimRight(rest[0], "/"), rest[1:]
	}
	switch {
	case len(rest) == 0:
		return nil, fmt.Errorf("loginfo's arguments %q name no file: in CVSROOT/loginfo put %%I %%r %%p %%{sVv} behind the command", args)
	case len(rest) == 1:
		l.oldStyle(rest[0])
	case len(rest) == 2:
		l.Module = rest[0]
		l.names(rest[1])
	default:
		l.Module = rest[0]
		l.words(rest[1:])
	}
	if l.Root == "" {
		l.Root = strings.TrimSuffix(strings.TrimSuffix(update, l.Module), "/")
	}
	return l, nil
}

func toLF(input []byte) []byte { return bytes.ReplaceAll(input, []byte("\r\n"), []byte("\n")) }

var commitID = regexp.MustCompile(`^[0-9A-Fa-f]{12,64}$`)

// isCommitID tells a commit id from a directory.
func isCommitID(s string) bool {
	return commitID.MatchString(s) && strings.ContainsAny(s, "0123456789")
}

// parseInput reads the text that CVS gives loginfo, and returns the directory in
// the repository that it begins with.
func (l *Loginfo) parseInput(text string) (update string) {
	head, message, found := strings.Cut(text, "\nLog Message:\n")
	if !found {
		head, message = "", text
	}
	l.Message = strings.TrimRight(message, "\n")
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, "\n")
		if dir, ok := strings.CutPrefix(line, "Update of "); ok {
			update = dir
		}
		if tag, ok := strings.CutPrefix(line, "      Tag: "); ok {
			l.Tag = tag
		}
	}
	if before, status, ok := strings.Cut(l.Message, "\n\nStatus:\n\nVendor Tag:\t"); ok {
		l.Message = before
		l.parseImport(status)
	}
	return update
}

// parseImport reads what follows the message of an import: the vendor's branch,
// tags, one a line, and "N path" for each file.
func (l *Loginfo) parseImport(status string) {
	l.Vendor, status, _ = strings.Cut(status, "\n")
	for line := range strings.Lines(strings.TrimPrefix(status, "Release Tags:")) {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(line, "\t") {
			l.Releases = strings.TrimSpace(l.Releases + " " + text)
		} else if letter, path, ok := strings.Cut(text, " "); ok && len(letter) == 1 {
			l.Files = append(l.Files, CVSFile{Name: path})
		} else {
			return
		}
	}
}

// triple is a file in one word of CVS 1.11: "name,1.1,1.2". A name may have
// blanks in it.
var triple = regexp.MustCompile(` ?(.*?),(NONE|[0-9.]+),(NONE|[0-9.]+)(?: |$)`)

// oldStyle reads the one argument of CVS 1.11.
func (l *Loginfo) oldStyle(word string) {
	module, rest, _ := strings.Cut(word, " ")
	if l.Module == "" {
		l.Module = module
	}
	l.names(rest)
}

// names reads several files in one word, or what stands in their place.
func (l *Loginfo) names(text string) {
	if title, ok := strings.CutPrefix(text, "- "); ok {
		l.Title, _, _ = strings.Cut(title, ",")
		return
	}
	found := triple.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		l.Files = append(l.Files, CVSFile{m[1], m[2], m[3]})
	}
	if found == nil {
		for _, name := range strings.Fields(text) {
			l.Files = append(l.Files, CVSFile{Name: name})
		}
	}
}

var revision = regexp.MustCompile(`^(?:NONE|[0-9]+(?:\.[0-9]+)+)$`)

// words reads files of one word each, or of three.
func (l *Loginfo) words(words []string) {
	if title, ok := strings.CutPrefix(words[0], "- "); ok {
		l.Title = title
		return
	}
	if len(words)%3 != 0 || !revision.MatchString(words[1]) || !revision.MatchString(words[2]) {
		for _, name := range words {
			l.Files = append(l.Files, CVSFile{Name: name})
		}
		return
	}
	for ; len(words) > 0; words = words[3:] {
		l.Files = append(l.Files, CVSFile{words[0], words[1], words[2]})
	}
}

// CVS makes the event of one call of loginfo; none for a new directory, which is
// no change yet.
func CVS(args []string, input []byte, env func(string) string, o Options) ([]ircbus.Fields, error) {
	l, err := ParseLoginfo(args, input)
	if err != nil {
		return nil, err
	}
	if l.Title == "New directory" {
		return nil, nil
	}
	if o.Project == "" {
		o.Project, _, _ = strings.Cut(l.Module, "/")
	}
	c := l.commit()
	c.Project, c.Author, c.Time = o.Project, pusher(env), time.Now()
	return []ircbus.Fields{o.finished(c)}, nil
}

// commit is the change in the words that all version controls share. The bus
// sees one event for each directory; commitid holds them together.
func (l *Loginfo) commit() *Commit {
	c := &Commit{
		Repo: l.Root, Module: l.Module, Branch: l.Tag, Message: l.Message, Changed: -1, Insertions: -1, Deletions: -1,
		Key: "cvs-" + rand.Text(),
	}
	var more mapping.Event
	if l.CommitID != "" {
		c.Key = mapping.Key("cvs", l.Root, l.CommitID, l.Module)
		more.Keep("commitid", l.CommitID)
	}
	for i, file := range l.Files {
		c.Files = append(c.Files, file.Name)
		if file.New != "" && i < maxRevisions {
			more.Keep("revisions", file.Name+","+file.Old+","+file.New)
		}
	}
	if len(l.Files) == 1 {
		c.Rev = known(l.Files[0].New)
		if old := known(l.Files[0].Old); old != "" {
			c.Parents = []string{old}
		}
	}
	if l.Title != "" {
		more.Keep("title", l.Title)
	}
	more.Keep("vendor_tag", l.Vendor)
	more.Keep("release_tags", l.Releases)
	c.More = more.Rest
	return c
}

// maxRevisions limits how many files' revisions are told, "name,old,new" as CVS
// writes them.
const maxRevisions = 8

func known(revision string) string {
	if revision == "NONE" {
		return ""
	}
	return revision
}
