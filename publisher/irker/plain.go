package irker

import (
	"regexp"
	"strings"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// codes are IRC's codes of colours and style, and those of a terminal that
// irkerhook can be told to use (https://modern.ircdocs.horse/formatting).
var codes = regexp.MustCompile(`\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|\x1b\[[0-9;]*m|[\x02\x0f\x11\x16\x1d\x1e\x1f]`)

// Plain returns a line without them.
func Plain(line string) string { return codes.ReplaceAllString(line, "") }

// hookLine is what irkerhook's own template makes, without the codes; Subversion
// has no branch:
//
//	PROJECT: AUTHOR REPO:BRANCH * REV / FILES: LOGMSG URL
var hookLine = regexp.MustCompile(`^(\S.*?): (.+?) (\S*?)(?::(\S+))? \* (\S+) / (.*?): (.*?)(?: (https?://\S+))?$`)

// maxFiles limits how many paths are named.
const maxFiles = 32

// describe makes the event of one line.
func describe(line string, to Target, rest mapping.Flat) *mapping.Event {
	e := &mapping.Event{}
	text := strings.TrimSpace(Plain(line))
	if m := hookLine.FindStringSubmatch(text); m != nil {
		e.Add("action", "commit")
		e.Add("user", m[2])
		e.Add("project", m[1])
		e.Add("repo", m[3])
		e.Add("branch", m[4])
		e.Add("rev", m[5])
		e.Add("comment", m[7])
		e.Add("url", m[8])
		files := strings.Fields(m[6])
		if strings.HasPrefix(m[6], "(") { // "(12 files in 3 dirs)"
			files = []string{m[6]}
		}
		for _, file := range files[:min(len(files), maxFiles)] {
			e.Keep("files", file)
		}
	}
	e.Add("text", text)
	e.Keep("to", to.Address)
	e.KeepFlat(rest)
	return e
}
