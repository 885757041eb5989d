package bus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/readable"
	"github.com/ircbus/ircbus/publisher/jsonhook"
)

// TestCaseRecipes: the sections of docs/doors/json.md make, of the payloads that
// the programs document, these lines for people.
func TestCaseRecipes(t *testing.T) {
	page, err := os.ReadFile("../../../docs/doors/json.md")
	if err != nil {
		t.Fatal(err)
	}
	var sections strings.Builder
	_, recipes, _ := strings.Cut(string(page), "## Recipes")
	for line := range strings.Lines(recipes) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			sections.WriteString(code)
		}
	}
	c, err := Load(writeFile(t, sections.String()))
	if err != nil {
		t.Fatal(err)
	}
	if problems := c.Check(); len(problems) > 0 {
		t.Fatal(problems)
	}
	want := map[string][]string{
		"jellyfin":  {"home — ItemAdded: Wikis 1×2 Pilot (2026)"},
		"overseerr": {"New Movie Request: Metropolis (1927), asked for by anna", "TEST_NOTIFICATION: Test Notification"},
		"radarr":    {"Radarr Grab: Metropolis (1927) — Metropolis.1927.1080p", "Radarr Health: Indexers are unavailable"},
		"sonarr":    {"Sonarr Download: Wikis 1×2 Pilot"},
		"diun":      {"docker.io/crazymax/diun:latest is new on myserver (linux/amd64) https://hub.docker.com/r/crazymax/diun"},
		"dockerhub": {"svendowideit/testhook:latest was pushed by trustedbuilder https://registry.hub.docker.com/u/svendowideit/testhook/"},
		"jenkins": {"asgard origin/master c6d86dc6 — build/completed (failed): #18 http://localhost:8080/job/asgard/18/",
			"asgard — build/started (running): #19 http://localhost:8080/job/asgard/19/"},
		"coolify": {"my-app — deployment_success (success): New version successfully deployed https://coolify.example.org/d1", "backup_failed (failed): Database backup failed"},
		"sentry":  {"app.js in render — alert: ReferenceError: x is not defined https://sentry.io/organizations/org/issues/1117540176/events/e4/"},
		"kuma":    {"[wiki] [🔴 Down] timeout of 48000ms exceeded", "Uptime Kuma Webhook Testing"},
	}
	if len(c.JSON) != len(want) {
		t.Errorf("there are %d recipes", len(c.JSON))
	}
	style, err := readable.Named("plain")
	if err != nil {
		t.Fatal(err)
	}
	for name, section := range c.JSON {
		m, err := jsonhook.New(section.spec())
		if err != nil {
			t.Fatal(err)
		}
		payloads, err := os.ReadFile(filepath.Join("../../../publisher/jsonhook/testdata/recipes", name+".jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for payload := range strings.Lines(string(payloads)) {
			events, err := m.Parse([]byte(payload), 0)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			fields, err := ircbus.Accept(events[0], 0)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, style.Line(&ircbus.Event{Fields: fields}, 400))
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
