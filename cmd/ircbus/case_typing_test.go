package main

import (
	"strings"
	"testing"
)

// TestCaseD5: the command line tells of typing errors in channels and filters.
func TestCaseD5(t *testing.T) {
	b, _ := publishBus(t)
	appendPages(t, b, 0, 3)
	server := "--server=http://" + b.HTTPAddr()
	for view, want := range map[string]string{
		"#wiki?pagee=P1": `warning: no event of #wiki has the field "pagee": did you mean page?`,
		"#wiki?page=C++": "warning: in a filter + is a blank: write %2B for a +",
		"#wikki":         "did you mean #wiki?",
	} {
		if _, _, errs := invoke(t, "changes", view, server, "--limit=2"); !strings.Contains(errs, want) {
			t.Errorf("%s: %q", view, errs)
		}
	}
	if _, _, errs := invoke(t, "changes", "#wiki?page=P*", server); errs != "" {
		t.Error(errs)
	}
}
