package api

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseA13: no feed, page or description has a link that runs.
func TestCaseA13(t *testing.T) {
	b := startBus(t, func(c *Config) {
		c.Wikis = func() []ircbus.Wiki {
			return append([]ircbus.Wiki{{
				Publisher: "evil", Base: "javascript:base", PageURL: "javascript:{page}", DiffURL: "data:{page}", HistoryURL: "vbscript:{page}", RawURL: "javascript:raw",
				Feeds: []ircbus.Feed{{Channel: "#evil", Text: "#evil.text"}},
			}}, testWikis...)
		}
	})
	b.publish("page=A&url=javascript:alert(1)&diff=JavaScript:alert(2)&history=data:text/html,x", "page=B&url=+javascript:alert(3)&diff=file:///etc/passwd&history=vbscript:x")
	b.publishIn("evil", "#evil", "page=C&comment=x")
	b.publish("page=D&url=ircs://h/x&diff=mailto:a@b.example&history=https://h/")
	for _, path := range []string{"/changes?format=rss", "/changes?format=atom", "/", "/wikis/evil", "/wikis/evil?format=json", "/wikis/evil?format=xml", "/wikis?format=json"} {
		a := b.get(path, "Accept", "text/html")
		text := strings.ToLower(string(a.body))
		for _, scheme := range []string{"javascript:", "data:", "vbscript:", "file:", "zgotmplz"} {
			if a.status != 200 || strings.Contains(text, scheme) {
				t.Errorf("%s: %d, with %s: %s", path, a.status, scheme, a.body)
			}
		}
	}
	for _, path := range []string{"/changes?format=rss", "/changes?format=atom"} {
		if a := b.get(path); !strings.Contains(string(a.body), "ircs://h/x") {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if c := b.changes("/changes?channel=%23evil"); len(c.Events) != 1 || c.Events[0].Fields.Get("url") != "" {
		t.Errorf("filled in is %v", c.Events)
	}
}
