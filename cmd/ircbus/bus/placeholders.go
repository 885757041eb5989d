package bus

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// usualFields are the names of fields that the documentation has (docs/protocol.md,
// "Keys"; docs/doors/version-control.md). Others are allowed.
var usualFields = []string{
	"wiki", "page", "action", "user", "time", "comment", "rev", "oldrev", "size", "oldsize", "url", "diff", "history",
	"ns", "minor", "bot", "text", "key", "id", "channel", "publisher", "state", "project", "repo", "branch",
}

// placeholders looks at what templates want to be filled in. An event may have any
// field, so an unusual name stops nothing. One that is nearly a usual name is surely
// mistyped, and one that is not usual is only worth a look.
func (c *Config) placeholders(found *checker) {
	for _, name := range sortedKeys(c.Publishers) {
		p := c.Publishers[name]
		for _, t := range []struct{ key, text string }{
			{"page_url", p.PageURL}, {"diff_url", p.DiffURL}, {"history_url", p.HistoryURL}, {"raw_url", p.RawURL},
		} {
			checkURITemplate(found, t.text, "publisher", name, t.key)
		}
		checkLineTemplate(found, p.Template, "publisher", name, "template")
	}
	for _, door := range sortedKeys(c.JSON) {
		for field, text := range c.JSON[door].Fields {
			checkBraces(found, text, "json", door, "fields", field)
		}
	}
	for _, method := range sortedKeys(c.PSYC.Templates) {
		if open := unclosedVariable.FindString(c.PSYC.Templates[method] + " "); open != "" {
			found.add(fmt.Errorf("%q lacks its ]", strings.TrimSpace(open)), "psyc", "templates", method)
		}
	}
}

// unclosedVariable matches [_name without its bracket in a template of PSYC.
var unclosedVariable = regexp.MustCompile(`\[_[A-Za-z0-9_]+[^\]A-Za-z0-9_]`)

// checkURITemplate checks the {fields} of an address.
func checkURITemplate(found *checker, text string, at ...string) {
	if text == "" {
		return
	}
	rest, wanted := text, 0
	for {
		_, after, more := strings.Cut(rest, "{")
		if !more {
			break
		}
		field, after, closed := strings.Cut(after, "}")
		if !closed {
			found.add(fmt.Errorf("a { lacks its }, so that no address is ever made of %q", text), at...)
			return
		}
		checkField(found, field, "{%s}", at)
		rest = after
		wanted++
	}
	if wanted == 0 {
		found.warn(fmt.Errorf("%q has no field like {page} in it: it is the same address for every event", text), at...)
	}
}

// inBraces and fieldInTemplate find the fields of a Go template.
var (
	inBraces        = regexp.MustCompile(`\{\{.*?\}\}`)
	fieldInTemplate = regexp.MustCompile(`(?:^|[\s({|])\.([A-Za-z_]\w*)`)
	singleBraces    = regexp.MustCompile(`(?:^|[^{])\{([a-z_]+)\}(?:[^}]|$)`)
)

// checkLineTemplate checks the {{.fields}} of a line for people.
func checkLineTemplate(found *checker, text string, at ...string) {
	for _, action := range inBraces.FindAllString(text, -1) {
		for _, field := range fieldInTemplate.FindAllStringSubmatch(action, -1) {
			checkField(found, field[1], "{{.%s}}", at)
		}
	}
	checkBraces(found, text, at...)
}

// checkBraces finds what is written in the way of addresses in a Go template.
func checkBraces(found *checker, text string, at ...string) {
	for _, field := range singleBraces.FindAllStringSubmatch(text, -1) {
		found.add(fmt.Errorf("{%s} stays as it is here: did you mean {{.%[1]s}}?", field[1]), at...)
	}
}

// checkField checks the name of a field; form is how it is written.
func checkField(found *checker, field, form string, at []string) {
	switch near := nearest(field, usualFields); {
	case slices.Contains(usualFields, field):
	case !isKey(field):
		text := fmt.Sprintf(form+" is not the name of a field", field)
		if near := nearest(strings.Trim(field, "{}. "), usualFields); near != "" {
			text += fmt.Sprintf(": did you mean "+form+"?", near)
		}
		found.add(fmt.Errorf("%s", text), at...)
	case near != "":
		found.add(fmt.Errorf(form+" is not filled in unless events have that field: did you mean "+form+"?", field, near), at...)
	default:
		found.warn(fmt.Errorf(form+" is filled in only if events have that field, which is not a usual one", field), at...)
	}
}

// isKey reports whether an event can have a field of the name.
func isKey(field string) bool {
	_, err := ircbus.Accept(ircbus.NewFields(field, "x"), 0)
	return err == nil
}
