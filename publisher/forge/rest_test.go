package forge

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestCaseC6Documented: what events leave out is in the door's page.
func TestCaseC6Documented(t *testing.T) {
	page, err := os.ReadFile("../../docs/doors/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(whole, people, nested, more, kinds, ofPush, ofCommit, ofChange) {
		if !strings.Contains(string(page), "`"+name+"`") && !slices.Contains([]string{"commits", "id", "hash", "author", "added", "removed", "modified"}, name) {
			t.Errorf("docs/doors/webhooks.md does not name %s", name)
		}
	}
}
