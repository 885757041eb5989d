package vcs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// gitFormat is what git is asked to say of a commit; ParseGitLog reads it.
const gitFormat = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B%x00"

// gitFields is how many values gitFormat has.
const gitFields = 9

// ParseGitLog reads what "git diff-tree --stdin -z --numstat -M --always" writes
// in this package's format: the commits in its order.
func ParseGitLog(output []byte) ([]Commit, error) {
	words := strings.Split(string(output), "\x00")
	var commits []Commit
	for len(words) > 0 {
		if strings.Trim(words[0], "\n") == "" {
			words = words[1:]
			continue
		}
		if len(words) < gitFields {
			return nil, fmt.Errorf("git's list of commits ends in the middle of one: %.80q", words[0])
		}
		c, err := gitCommit(words[:gitFields])
		if err != nil {
			return nil, err
		}
		words = gitNumstat(&c, words[gitFields:])
		commits = append(commits, c)
	}
	return commits, nil
}

func gitCommit(words []string) (Commit, error) {
	c := Commit{
		Rev: strings.Trim(words[0], "\n"), Parents: strings.Fields(words[1]),
		Author: words[2], Email: words[3], Authored: unixTime(words[4]),
		Committer: words[5], CommitterEmail: words[6], Time: unixTime(words[7]),
		Message: words[8],
	}
	if !isHex(c.Rev) {
		return c, fmt.Errorf("git's list of commits has %.80q where a commit's name should be", c.Rev)
	}
	return c, nil
}

// gitNumstat takes the changed files that follow a commit: "12 TAB 3 TAB path",
// a renamed one's path empty and two more words; "-" counts a binary file.
func gitNumstat(c *Commit, words []string) []string {
	for ; len(words) > 0; words = words[1:] {
		word := strings.TrimPrefix(words[0], "\n")
		if word == "" {
			continue
		}
		inserted, rest, ok1 := strings.Cut(word, "\t")
		deleted, path, ok2 := strings.Cut(rest, "\t")
		if !ok1 || !ok2 {
			break
		}
		if path == "" && len(words) > 2 {
			path = words[2]
			words = words[2:]
		}
		c.Files = append(c.Files, path)
		c.Changed++
		c.Insertions += number(inserted)
		c.Deletions += number(deleted)
	}
	return words
}

// number reads a count; what is none counts nothing.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// unixTime reads seconds since 1970, and is zero for what is none.
func unixTime(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxUnixTime {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

// maxUnixTime is the end of the year 9999, the last that RFC 3339 can write.
const maxUnixTime = 253402300799

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdef") == ""
}

// Move is one line of what git's post-receive reads: a ref that came, went or
// moved. A revision of zeros means none.
type Move struct{ Old, New, Ref string }

// ParseMoves reads the standard input of a git post-receive hook.
func ParseMoves(input []byte) ([]Move, error) {
	var moves []Move
	for line := range bytes.Lines(input) {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			continue
		}
		old, rest, _ := strings.Cut(text, " ")
		to, ref, _ := strings.Cut(rest, " ")
		if !isHex(old) || !isHex(to) || ref == "" {
			return nil, fmt.Errorf("%.200q is not what git tells a post-receive hook: OLD NEW REF", text)
		}
		moves = append(moves, Move{old, to, ref})
	}
	return moves, nil
}

// gitTag is an annotated tag.
type gitTag struct {
	tagger, email, message string
	time                   time.Time
}

// parseGitTag reads a tag object as "git cat-file tag" writes it.
func parseGitTag(object []byte) gitTag {
	var t gitTag
	head, message, _ := strings.Cut(string(object), "\n\n")
	t.message, _, _ = strings.Cut(message, "-----BEGIN PGP SIGNATURE-----")
	t.message, _, _ = strings.Cut(t.message, "-----BEGIN SSH SIGNATURE-----")
	for line := range strings.Lines(head) {
		if tagger, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "tagger "); ok {
			person, when, _ := cutLast(tagger, "> ")
			t.tagger, t.email, _ = cutLast(person, " <")
			seconds, _, _ := strings.Cut(when, " ")
			t.time = unixTime(seconds)
		}
	}
	return t
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
