package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// openapi.json is written by hand; this keeps it true.
func TestOpenAPI(t *testing.T) {
	b := startBus(t, nil)
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Parameters []struct{ Name, In string }
			Responses  map[string]any
		}
		Components map[string]map[string]any
	}
	a := b.get("/openapi.json")
	decode(t, a, &document)
	described := map[string][]string{}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			params := []string{}
			for _, p := range operation.Parameters {
				if p.In == "query" {
					params = append(params, p.Name)
				}
			}
			if len(operation.Responses) == 0 {
				t.Errorf("%s %s has no responses", method, path)
			}
			described[strings.ToUpper(method)+" "+path] = params
		}
	}
	real := map[string][]string{}
	for _, rt := range routes() {
		if rt.pattern != "/ui/{file}" { // the page's own affair
			real[rt.method+" "+rt.pattern] = append([]string{}, rt.params...)
		}
	}
	for _, set := range []map[string][]string{described, real} {
		for _, params := range set {
			slices.Sort(params)
		}
	}
	if diff := cmp.Diff(real, described); diff != "" {
		t.Errorf("routes (-) and openapi.json (+) differ:\n%s", diff)
	}
	err := chi.Walk(b.api.mux, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if _, ok := real[method+" "+pattern]; !ok && (method == "GET" || method == "POST" || method == "DELETE") && pattern != "/ui/{file}" {
			t.Errorf("%s %s is not in the table", method, pattern)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkRefs(t, a.body)
}

// checkRefs finds references that lead nowhere.
func checkRefs(t *testing.T, content []byte) {
	t.Helper()
	var root any
	if err := json.Unmarshal(content, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				walk(child)
			}
		case map[string]any:
			if ref, ok := node["$ref"].(string); ok {
				at := root
				for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					at = at.(map[string]any)[step]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, child := range node {
				walk(child)
			}
		}
	}
	walk(root)
}
