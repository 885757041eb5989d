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
