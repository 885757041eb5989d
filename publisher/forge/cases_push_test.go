package forge

import (
	"slices"
	"strings"
	"testing"
)

// TestCaseC6PushAction: a branch is deleted or made only where the forge says so.
func TestCaseC6PushAction(t *testing.T) {
	const commit = `"commits":[{"id":"1a","message":"m"}]`
	for _, test := range []struct{ event, body, actions string }{
		{"push", `{"ref":"refs/heads/m",` + commit + `}`, ""},
		{"push", `{"ref":1}`, "update"},
		{"push", `{"ref":"refs/heads/m","after":"00"}`, "delete"},
		{"push", `{"ref":"refs/heads/m","before":"1a","deleted":true}`, "delete"},
		{"push", `{"ref":"refs/heads/m","before":"00","after":"1a"}`, "create"},
		{"push", `{"ref":"refs/heads/m","created":true,"after":"1a"}`, "create"},
		{"push", `{"ref":"refs/heads/m","after":"1a","commits":null,"total_commits_count":"9"}`, "update push"},
		{"repo:push", `{"push":{"changes":[{"new":null,"old":null}]}}`, "repo/push"},
		{"repo:push", `{"push":{"changes":[{"new":null,"old":{"name":"b"}}]}}`, "delete"},
		{"repo:push", `{"push":{"changes":[{"new":{"name":"b"},"old":null}]}}`, "create"},
		{"repo:refs_changed", `{"changes":[{"refId":"refs/heads/b","toHash":"00","fromHash":"1a"}]}`, "delete"},
	} {
		var actions []string
		for _, fields := range made(t, Delivery{Event: test.event, ID: "1", Body: []byte(test.body)}) {
			if action := fields.Get("action"); action != "commit" {
				actions = append(actions, action)
			}
		}
		if got := strings.TrimSpace(strings.Join(actions, " ")); got != test.actions {
			t.Errorf("%s: %q, want %q", test.body, got, test.actions)
		}
	}
}

// TestCaseC6PushScalars: what is of another type than it is read in is kept.
func TestCaseC6PushScalars(t *testing.T) {
	for _, test := range []struct{ event, body string }{
		{"push", `{"ref":"refs/heads/m","commits":"KEPT"}`},
		{"push", `{"ref":"refs/heads/m","head_commit":"KEPT"}`},
		{"push", `{"ref":"refs/heads/m","before":["KEPT"]}`},
		{"repo:push", `{"push":{"changes":[5,"KEPT"]}}`},
		{"repo:push", `{"push":{"changes":["KEPT",{"new":{"name":"b"},"old":{"name":"b"}}]}}`},
		{"repo:push", `{"push":{"changes":[{"new":{"name":"b"},"old":"KEPT"}]}}`},
		{"repo:push", `{"push":{"changes":[{"new":{"name":"b"},"commits":"KEPT"}]}}`},
		{"repo:refs_changed", `{"commits":"KEPT","changes":[{"refId":"refs/heads/b","toHash":"1a"}]}`},
		{"repo:refs_changed", `{"changes":[{"ref":"KEPT","toHash":"1a"}]}`},
	} {
		kept := false
		for _, fields := range made(t, Delivery{Event: test.event, ID: "1", Body: []byte(test.body)}) {
			for _, field := range fields {
				kept = kept || slices.Contains(strings.Fields(field.Value), "KEPT")
			}
		}
		if !kept {
			t.Errorf("%s: %v", test.body, made(t, Delivery{Event: test.event, ID: "1", Body: []byte(test.body)}))
		}
	}
}

// TestCaseC5Address: the address is that of what the event is about, where one is told.
func TestCaseC5Address(t *testing.T) {
	const home = `"repository":{"name":"r","html_url":"https://f.example/r"}`
	for event, body := range map[string]string{
		"deployment_review":              `{"action":"approved","workflow":{"html_url":"https://f.example/w"},"workflow_run":{"html_url":"https://f.example/it"},` + home + `}`,
		"bypass_request_push_ruleset":    `{"action":"created","exemption_request":{"html_url":"https://f.example/it"},` + home + `}`,
		"repository_vulnerability_alert": `{"action":"create","alert":{"external_reference":"https://f.example/it"},` + home + `}`,
		"pull_request_review_thread":     `{"action":"resolved","thread":{"comments":[{"html_url":"https://f.example/it"}]},"pull_request":{"title":"t","html_url":"https://f.example/pr"},` + home + `}`,
		"membership":                     `{"action":"added","member":{"login":"ann","html_url":"https://f.example/ann"},"team":{"name":"t","html_url":"https://f.example/it"},"organization":{"login":"o"}}`,
		"repository_ruleset":             `{"action":"created","repository_ruleset":{"name":"n","_links":{"html":{"href":"https://f.example/it"}}},` + home + `}`,
	} {
		if got := made(t, Delivery{Event: event, ID: "1", Body: []byte(body)})[0].Get("url"); got != "https://f.example/it" {
			t.Errorf("%s: %s", event, got)
		}
	}
}

// TestCaseC5Which: a line says the version of a package and the former name.
func TestCaseC5Which(t *testing.T) {
	for _, test := range []struct{ event, body, comment string }{
		{"package", `{"action":"published","package":{"name":"p","package_version":{"version":"1.2"}}}`, "p 1.2"},
		{"registry_package", `{"action":"published","registry_package":{"name":"p","package_version":{"version":"1.2"}}}`, "p 1.2"},
		{"repository", `{"action":"renamed","changes":{"repository":{"name":{"from":"old"}}},"repository":{"name":"new","full_name":"o/new"}}`, "new (was old)"},
	} {
		if got := made(t, Delivery{Event: test.event, ID: "1", Body: []byte(test.body)})[0].Get("comment"); got != test.comment {
			t.Errorf("%s: %q", test.event, got)
		}
	}
}
