package readable

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// heading names what an event is about: the page, or of version control the
// project with an issue's number, or with its branch or tag and the revision,
// "ircbus main 4d13a581". Where
// the revision is a file's own, as in CVS, the files stand in its place.
func heading(f ircbus.Fields) string {
	project := f.Get("project")
	if f.Get("page") != "" || project == "" {
		return f.Get("page")
	}
	words := []string{project}
	if module := f.Get("module"); module == project || strings.HasPrefix(module, project+"/") {
		words[0] = module
	} else if module != "" {
		words[0] += "/" + module
	}
	if number := f.Get("number"); number != "" { // an issue, a pull request
		return words[0] + " #" + number
	}
	if name := firstOf(f, "branch", "tag", "ref"); name != "" {
		words = append(words, name)
	}
	if rev := shortRevision(f.Get("rev")); rev != "" {
		words = append(words, rev)
	} else {
		words = append(words, someFiles(f)...)
	}
	return strings.Join(words, " ")
}

// shortRevision is a revision as people say it: the beginning of a hash, "r12" of
// a number; "" if it is neither.
func shortRevision(rev string) string {
	const short = 8
	switch {
	case rev == "":
		return ""
	case strings.Trim(rev, "0123456789") == "" && len(rev) < short:
		return "r" + rev
	case strings.Trim(rev, "0123456789abcdefABCDEF") == "" && len(rev) >= short:
		return rev[:short]
	}
	return ""
}

// someFiles are the first files of a commit, and how many there are beside them.
func someFiles(f ircbus.Fields) []string {
	const some = 3
	files := slices.Collect(f.Values("files"))
	changed := len(files)
	if n, err := strconv.Atoi(f.Get("files_changed")); err == nil && n > changed {
		changed = n
	}
	if more := changed - some; more > 0 {
		files = append(files[:min(some, len(files)):some], "+"+strconv.Itoa(changed-min(some, len(files))))
	}
	return files
}

// linesChanged returns "+10" or "-2" of a commit's counts, "" for none.
func linesChanged(sign string, f ircbus.Fields, key string) string {
	if n, err := strconv.ParseUint(f.Get(key), 10, 62); err == nil && n > 0 {
		return sign + strconv.FormatUint(n, 10)
	}
	return ""
}
