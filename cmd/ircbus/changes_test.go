package main

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
)

// TestChangesPages: the formats made of lines give all pages as one.
func TestChangesPages(t *testing.T) {
	b, _ := publishBus(t)
	const events = 2*maxChangesPage + 7
	for n := 0; n < events; n += 1000 {
		appendPages(t, b, n, min(n+1000, events))
	}
	server := "--server=http://" + b.HTTPAddr()
	for _, format := range []string{"ndjson", "qs", "text", "csv"} {
		for _, limit := range []int{0, 3, maxChangesPage, maxChangesPage + 1} {
			code, out, errs := invoke(t, "changes", "#wiki", server, "--format", format, fmt.Sprint("--limit=", limit))
			if code != 0 || errs != "" {
				t.Fatalf("%s: exit code %d: %s", format, code, errs)
			}
			lines := strings.Count(out, "\n")
			if format == "csv" {
				rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				lines = len(rows) - 1
			}
			want := limit
			if want == 0 {
				want = events
			}
			if lines != want {
				t.Errorf("%s with limit %d: %d events", format, limit, lines)
			}
		}
	}
}

func TestChangesBounds(t *testing.T) {
	b, _ := publishBus(t)
	appendPages(t, b, 0, 10)
	server := "--server=" + b.HTTPAddr()
	code, out, errs := invoke(t, "changes", "#wiki?page=*7", server, "--from", "-1h", "--to", "now")
	if code != 0 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, `{"id":8,`) || errs != "" {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
	code, out, _ = invoke(t, "changes", server, "--after", "7", "--format", "qs")
	if code != 0 || strings.Count(out, "\n") != 3 || !strings.HasPrefix(out, "id=8&") {
		t.Errorf("exit code %d: %s", code, out)
	}
	code, out, errs = invoke(t, "changes", server, "--limit", "4", "--format", "xml")
	if code != 0 || strings.Count(out, "<event ") != 4 || !strings.Contains(errs, "--after 4") {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}
