package forge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

var forges = []string{"github", "gitea", "gitlab", "bitbucket", "octokit"}

// headers name the kind of event.
var headers = map[string]string{"github": "X-GitHub-Event", "gitea": "X-Gitea-Event", "gitlab": "X-Gitlab-Event", "bitbucket": "X-Event-Key", "octokit": "X-GitHub-Event"}

// recorded are the deliveries of a forge.
func recorded(t testing.TB, forge string) (all []Delivery) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + forge + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var line struct {
			Event string
			Body  json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		h.Set(headers[forge], line.Event)
		event, _ := kind(h)
		all = append(all, Delivery{Event: event, ID: "uuid", Body: line.Body})
	}
	return all
}

func TestRecorded(t *testing.T) {
	var got []string
	for _, forge := range forges {
		for _, d := range recorded(t, forge) {
			events, err := Parse(d)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				f, err := ircbus.Accept(e.Fit(0), 0)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, forge+" "+f.Encode())
			}
		}
	}
	wanted, err := os.ReadFile("testdata/events.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(wanted)), "\n"), got); diff != "" {
		t.Errorf("%s\n%s", diff, strings.Join(got, "\n"))
	}
}

// push makes the events of a push, each as "action rev comment forced omitted".
func push(t *testing.T, body string) (got []string) {
	t.Helper()
	events, err := Parse(Delivery{Event: "push", ID: "1", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, e := range events {
		f := e.Fit(0)
		var words []string
		for _, key := range []string{"action", "branch", "rev", "comment", "forced", "omitted"} {
			if f.Has(key) {
				words = append(words, f.Get(key))
			}
		}
		got = append(got, strings.Join(words, " "))
		if keys[f.Get("key")] {
			t.Errorf("the key %q is there twice", f.Get("key"))
		}
		keys[f.Get("key")] = true
	}
	return got
}

func TestPush(t *testing.T) {
	for _, c := range []struct {
		what, body string
		want       []string
	}{
		{"the newest first", `{"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"3","message":"c"},{"id":"2","message":"b"}]}`, []string{"commit m 2 b", "commit m 3 c"}},
		{"the oldest first", `{"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"2","message":"b"},{"id":"3","message":"c"}]}`, []string{"commit m 2 b", "commit m 3 c"}},
		{"a new branch", `{"ref":"refs/heads/m","before":"000","after":"3","commits":[{"id":"3","message":"c"}]}`, []string{"create m 3", "commit m 3 c"}},
		{"of known commits", `{"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"3","message":"c","distinct":false}]}`, []string{"update m 3"}},
		{"forced", `{"ref":"refs/heads/m","before":"1","after":"3","forced":true,"commits":[{"id":"3","message":"c","distinct":true}]}`, []string{"update m 3 1", "commit m 3 c"}},
		{"gone", `{"ref":"refs/heads/m","before":"1","after":"000","commits":[],"head_commit":null}`, []string{"delete m"}},
		{"many", `{"ref":"refs/heads/m","before":"1","after":"3","total_commits_count":50,"commits":[{"id":"3","message":"c"}]}`,
			[]string{"commit m 3 c", "push m 3 50 commits were pushed; the other 49 are not told one by one 49"}},
		{"null", `{"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"3","message":"c","added":null,"author":null}],"pusher":null}`, []string{"commit m 3 c"}},
	} {
		if diff := cmp.Diff(c.want, push(t, c.body)); diff != "" {
			t.Errorf("%s: %s", c.what, diff)
		}
	}
}

// A delivery that comes again has the same key, another one another.
func TestKey(t *testing.T) {
	key := func(d Delivery) string {
		events, err := Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		return events[0].Fit(0).Get("key")
	}
	seen := map[string]string{}
	for what, d := range map[string]Delivery{
		"GitHub": {Event: "issues", ID: "a", Body: []byte(`{}`)}, "another": {Event: "issues", ID: "b", Body: []byte(`{}`)},
		"GitLab": {Event: "issue", UUID: "a", Body: []byte(`{}`)}, "caused by it": {Event: "issue", UUID: "a", Body: []byte(`{"a":1}`)},
		"updated": {Event: "issue", ID: "a", Body: []byte(`{"issue":{"updated_at":"2026-01-02T03:04:05Z"}}`)},
	} {
		k := key(d)
		if k == "" || len(k) > ircbus.MaxKeyLen || seen[k] != "" || k != key(d) {
			t.Errorf("%s: key %q, also of %q", what, k, seen[k])
		}
		seen[k] = what
	}
}

func TestRefused(t *testing.T) {
	for _, d := range []Delivery{{Body: []byte(`{}`)}, {Event: "push"}, {Event: "push", Body: []byte(`[]`)}} {
		if events, err := Parse(d); err == nil {
			t.Errorf("%+v: %v", d, events)
		}
	}
}

// Gitea sends GitHub's headers, too; GitLab's names become words.
func TestKind(t *testing.T) {
	h := http.Header{}
	h.Set("X-GitHub-Event", "issues")
	h.Set("X-GitHub-Delivery", "1")
	h.Set("X-Gitea-Event", "issue_label")
	h.Set("X-Gitea-Delivery", "2")
	if event, id := kind(h); event != "issue_label" || id != "2" {
		t.Error(event, id)
	}
	h = http.Header{"X-Gitlab-Event": {"Merge Request Hook"}, "Idempotency-Key": {"3"}}
	if event, id := kind(h); event != "merge_request" || id != "3" {
		t.Error(event, id)
	}
}

// FuzzParse feeds anything: what comes out can be published.
func FuzzParse(f *testing.F) {
	for _, forge := range forges {
		for _, d := range recorded(f, forge) {
			f.Add(d.Event, d.ID, []byte(d.Body))
		}
	}
	f.Fuzz(func(t *testing.T, event, id string, body []byte) {
		events, err := Parse(Delivery{Event: event, ID: id, Body: body})
		if err != nil {
			return
		}
		for _, e := range events {
			if _, err := ircbus.Accept(e.Fit(0), 0); err != nil {
				t.Fatalf("%v: %.2000q", err, e.Fields)
			}
		}
	})
}
