package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
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

// TestChangesShortPages: a page may end early, and the bus may be busy.
func TestChangesShortPages(t *testing.T) {
	b, _ := publishBus(t)
	appendPages(t, b, 0, 30)
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: b.HTTPAddr()})
	busy := true
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if busy {
			busy = false
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		query := r.URL.Query()
		query.Set("limit", "7")
		r.URL.RawQuery = query.Encode()
		pass.ServeHTTP(w, r)
	}))
	defer front.Close()
	for _, format := range []string{"ndjson", "qs", "text", "csv"} {
		code, out, errs := invoke(t, "changes", "--server", front.URL, "--format", format, "--limit", "21")
		lines := strings.Count(out, "\n")
		if format == "csv" { // a heading, and each comment has a line break
			lines = (lines - 1) / 2
		}
		if code != 0 || lines != 21 || errs != "" {
			t.Errorf("%s: exit code %d, %d events, %s", format, code, lines, errs)
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
	if code != 0 || strings.Count(out, "<event ") != 4 || !regexp.MustCompile(`--after [a-z0-9]+-4,`).MatchString(errs) {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}

// TestCaseE4: the last events, oldest first, in every format, also over several pages
// and within the other bounds.
func TestCaseE4(t *testing.T) {
	b, _ := publishBus(t)
	const events = maxChangesPage + 7
	appendPages(t, b, 0, 1000)
	appendPages(t, b, 1000, events)
	server := "--server=http://" + b.HTTPAddr()
	last := func(t *testing.T, args ...string) string {
		t.Helper()
		code, out, errs := invoke(t, append([]string{"changes", "#wiki", server}, args...)...)
		if code != exitDone || errs != "" {
			t.Fatalf("%v: exit code %d, %s", args, code, errs)
		}
		return out
	}
	all := strings.SplitAfter(last(t, "--format=qs"), "\n")
	all = all[:len(all)-1]
	for _, n := range []int{1, 3, maxChangesPage, maxChangesPage + 1, events, events + 9} {
		if out := last(t, "--format=qs", fmt.Sprint("--last=", n)); out != strings.Join(all[max(0, len(all)-n):], "") {
			t.Errorf("the last %d: %d lines", n, strings.Count(out, "\n"))
		}
	}
	for format, of := range map[string]string{"text": "\n", "ndjson": "\n", "json": `"id":`, "xml": "<event ", "rss": "<item ", "atom": "<entry>"} {
		if out := last(t, "--format="+format, "--last=3"); strings.Count(out, of) != 3 {
			t.Errorf("%s: %s", format, out)
		}
	}
	if rows, err := csv.NewReader(strings.NewReader(last(t, "--format=csv", "--last=3"))).ReadAll(); err != nil || len(rows) != 4 {
		t.Errorf("csv: %v, %v", rows, err)
	}
	if out := last(t, "--format=qs", "--last=3", "--after=2006"); out != all[len(all)-1] {
		t.Errorf("after an id: %q", out)
	}
	code, out, _ := invoke(t, "changes", "#wiki?page=none", server, "--format=qs", "--last=3")
	if code != exitDone || out != "" {
		t.Errorf("of none: exit code %d, %q", code, out)
	}
	for _, args := range [][]string{{"--last=-1"}, {"--last=1", "--limit=1"}} {
		if code, _, errs := invoke(t, append([]string{"changes", server}, args...)...); code != exitUsage || !strings.Contains(errs, "--last") {
			t.Errorf("%v: exit code %d, %q", args, code, errs)
		}
	}
}
