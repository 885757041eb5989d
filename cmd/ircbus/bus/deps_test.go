package bus

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ircbus/ircbus"

// dependencies are the packages that a package needs, itself left out.
func dependencies(t *testing.T, pattern string) map[string][]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}: {{join .Deps \" \"}}", pattern).CombinedOutput()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", pattern, err, out)
	}
	all := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		name, deps, _ := strings.Cut(strings.TrimSpace(line), ": ")
		all[name] = strings.Fields(deps)
	}
	return all
}

// own reports whether a package is the module's, and its path in it.
func own(path string) (string, bool) {
	if path == module {
		return ".", true
	}
	return strings.CutPrefix(path, module+"/")
}

// TestDependencies holds the rules of docs/architecture.md, "Who may know whom".
func TestDependencies(t *testing.T) {
	for _, rule := range []struct {
		packages string   // of the module
		may      []string // know of the module, with what is under them
		mustNot  []string // need of anything else
	}{
		{".", nil, []string{"net/http", "database/sql", "net", "C", "runtime/cgo"}},
		{"history", []string{"."}, []string{"net/http", "database/sql"}},
		{"history/sqlite", []string{".", "history"}, []string{"net/http"}},
		{"ircd", []string{"."}, []string{"net/http", "database/sql"}},
		{"ircd/account", []string{"."}, []string{"net/http", "database/sql"}},
		{"ircd/readable", []string{"."}, []string{"net/http", "database/sql"}},
		{"publisher", []string{".", "publisher/tlsconfig"}, []string{"database/sql"}},
		{"publisher/alertmanager", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/cloudevents", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/incoming", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/jsonhook", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/mqtt", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/nagios", []string{".", "publisher/mapping"}, []string{"net/http", "database/sql"}},
		{"publisher/ntfy", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/ping", []string{".", "publisher", "publisher/door", "publisher/mapping", "publisher/xmlrpc"}, []string{"database/sql"}},
		// mediawiki has the words in which poll says that wiki's changes, too.
		{"publisher/poll", []string{".", "publisher", "publisher/door", "publisher/mapping", "publisher/mediawiki", "publisher/xmlrpc", "publisher/webclient"}, []string{"database/sql"}},
		{"publisher/syslog", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/xmlrpc", []string{".", "publisher/content", "publisher/mapping"}, []string{"net/http", "database/sql"}},
		{"publisher/content", []string{"."}, []string{"net/http", "database/sql"}},
		{"publisher/mapping", []string{"."}, []string{"net/http", "database/sql"}},
		{"publisher/psyc", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/prism", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/door", []string{".", "publisher"}, []string{"database/sql"}},
		{"publisher/vcs", []string{".", "publisher/mapping"}, []string{"net/http", "database/sql"}},
		// vcs is the words in which forge says commits, too.
		{"publisher/forge", []string{".", "publisher", "publisher/door", "publisher/mapping", "publisher/vcs"}, []string{"database/sql"}},
		{"publisher/irker", []string{".", "publisher", "publisher/door", "publisher/mapping"}, []string{"database/sql"}},
		{"publisher/moin", []string{".", "publisher", "publisher/door", "publisher/mapping", "publisher/xmlrpc"}, []string{"database/sql"}},
		{"publisher/mediawiki", []string{".", "publisher", "publisher/door", "publisher/mapping", "publisher/webclient"}, []string{"database/sql"}},
		{"publisher/tlsconfig", nil, []string{"database/sql", "net/http"}},
		{"publisher/webclient", []string{"publisher/tlsconfig"}, []string{"database/sql"}},
		{"subscriber", []string{".", "publisher/tlsconfig", "publisher/webclient"}, []string{"database/sql"}},
		{"api", []string{".", "history", "publisher/content"}, []string{"database/sql"}},
	} {
		name := module
		if rule.packages != "." {
			name += "/" + rule.packages
		}
		if slices.Contains(rule.may, "publisher") || slices.Contains(rule.may, "publisher/webclient") {
			rule.may = append(rule.may, "publisher/tlsconfig")
		}
		if slices.Contains(rule.may, "publisher/door") || rule.packages == "publisher/door" {
			rule.may = append(rule.may, "publisher/content") // with which every door reads
		}
		for _, dep := range dependencies(t, name)[name] {
			if path, ok := own(dep); ok && !slices.Contains(rule.may, path) {
				t.Errorf("%s knows %s", rule.packages, path)
			}
			if slices.Contains(rule.mustNot, dep) {
				t.Errorf("%s needs %s", rule.packages, dep)
			}
		}
	}
}

// TestOneCgo: SQLite and the function that the store adds to it are the only C
// in the module, and the client libraries do without it.
func TestOneCgo(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}", module+"/...").Output() // without warnings
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, []string{"github.com/mattn/go-sqlite3", module + "/history/sqlite"}) {
		t.Errorf("packages with cgo: %v", got)
	}
	for _, library := range []string{"publisher", "subscriber", "api", "ircd"} {
		if slices.Contains(dependencies(t, module+"/"+library)[module+"/"+library], "github.com/mattn/go-sqlite3") {
			t.Errorf("%s needs SQLite", library)
		}
	}
}

// TestOnlyTheWiringKnowsAll: nothing below knows the command.
func TestOnlyTheWiringKnowsAll(t *testing.T) {
	for name, deps := range dependencies(t, module+"/...") {
		if path, ok := own(name); !ok || strings.HasPrefix(path, "cmd/") {
			continue
		}
		for _, dep := range deps {
			if strings.HasPrefix(dep, module+"/cmd/") {
				t.Errorf("%s knows %s", name, dep)
			}
		}
	}
}
