package forge

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/readable"
)

// made are the events of a delivery, as the bus takes them.
func made(t *testing.T, d Delivery) (all []ircbus.Fields) {
	t.Helper()
	events, err := Parse(d)
	if err != nil {
		t.Fatalf("%s %.200s: %v", d.Event, d.Body, err)
	}
	for _, e := range events {
		fields, err := ircbus.Accept(e.Fit(0), 0)
		if err != nil {
			t.Fatalf("%s %.200s: %v", d.Event, d.Body, err)
		}
		all = append(all, fields)
	}
	return all
}

// line is the one line for people of a delivery.
func line(t *testing.T, event, body string) (text string, fields ircbus.Fields) {
	t.Helper()
	style, err := readable.Named("plain")
	if err != nil {
		t.Fatal(err)
	}
	all := made(t, Delivery{Event: event, ID: "1", Body: []byte(body)})
	if len(all) != 1 {
		t.Fatalf("%s: %d events", event, len(all))
	}
	return style.Line(&ircbus.Event{Fields: all[0]}, 400), all[0]
}

// A field of another type refuses nothing: neither the ones that a forge has been
// seen to send, nor any other: the members of every recorded delivery are given
// other types.
func TestCaseC3(t *testing.T) {
	for event, body := range map[string]string{
		"job":          `{"object_kind":"build","tag":false,"build_name":"t","build_status":"failed"}`,
		"issues":       `{"issue":7,"repository":"r","sender":"ann"}`,
		"push":         `{"ref":"refs/heads/m","before":1,"after":"3","forced":"x","commits":{"id":"3"},"total_commits":"many"}`,
		"pull_request": `{"number":"7","pull_request":{"number":"7","merged":"no","title":["a"],"base":"main"}}`,
		"gollum":       `{"pages":{"title":"x"}}`,
		"repo:push":    `{"push":[]}`,
		"wiki":         `{"page":5}`,
	} {
		made(t, Delivery{Event: event, Body: []byte(body)})
	}
	_, fields := line(t, "job", `{"object_kind":"build","tag":true,"ref":"v1","build_name":"t","build_status":"failed"}`)
	if fields.Get("state") != "failed" || fields.Get("tag") != "v1" || fields.Get("build_status") != "failed" {
		t.Error(fields.Encode())
	}
	for _, forge := range forges {
		for _, d := range recorded(t, forge) {
			values := []string{`7`, `"x"`, `true`, `null`, `[1,"a",{"b":2}]`, `{"id":[]}`}
			for i := 0; i < strings.Count(string(d.Body), ":"); i += 5 { // each at some place
				made(t, Delivery{Event: d.Event, ID: d.ID, Body: replaced(d.Body, i, values[i%len(values)])})
			}
		}
	}
}

// replaced is JSON with another value in the place of its n-th scalar or of an
// empty list.
func replaced(body []byte, n int, value string) []byte {
	at := 0
	for i := 0; i < len(body); i++ {
		if body[i] == '"' { // over a text
			for i++; body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
			if i+1 < len(body) && body[i+1] == ':' && strings.ContainsRune(`"0123456789-tfn`, rune(body[i+2])) {
				if at++; at > n {
					end := i + 3
					for quoted := body[i+2] == '"'; quoted && body[end] != '"' || !quoted && !strings.ContainsRune(",}]", rune(body[end])); end++ {
						if body[end] == '\\' {
							end++
						}
					}
					if body[i+2] == '"' {
						end++
					}
					return []byte(string(body[:i+2]) + value + string(body[end:]))
				}
			}
		}
	}
	return body
}

// A page of a wiki is a wiki's change, whichever forge tells of it.
func TestCaseC4(t *testing.T) {
	around := `"repository":{"full_name":"ann/proj","html_url":"https://forge.example/ann/proj"},"sender":{"login":"ann"}}`
	gollum := `{"pages":[{"page_name":"Home","title":"Home","action":"created","sha":"aa11","html_url":"https://forge.example/ann/proj/wiki/Home","summary":"first"},` +
		`{"page_name":"Old-News","title":"Old News","action":"edited","sha":"bb22","html_url":"https://forge.example/ann/proj/wiki/Old-News","summary":null}],` + around
	gitlab := `{"object_kind":"wiki_page","user":{"username":"ann"},"project":{"path_with_namespace":"ann/proj","web_url":"https://lab.example/ann/proj"},` +
		`"object_attributes":{"title":"Home","content":"text","message":"first","slug":"home","url":"https://lab.example/w/home","action":"%s","diff_url":"https://lab.example/w/home/diff","version_id":"cc33"}}`
	for _, c := range []struct {
		event, body string
		want        []string
	}{
		{"gollum", gollum, []string{
			"wiki=ann/proj&page=Home&action=SAVENEW&user=ann&comment=first&rev=aa11&url=https://forge.example/ann/proj/wiki/Home&event=gollum&key=wiki+ann/proj+Home+aa11+SAVENEW",
			"wiki=ann/proj&page=Old+News&action=SAVE&user=ann&rev=bb22&url=https://forge.example/ann/proj/wiki/Old-News&event=gollum&key=wiki+ann/proj+Old-News+bb22+SAVE",
		}},
		{"gollum", `{"pages":[{"page_name":"A","action":"edited"},{"page_name":"B","action":"edited"}],` + around, []string{
			"wiki=ann/proj&page=A&action=SAVE&user=ann&url=https://forge.example/ann/proj/wiki/A&event=gollum&key=1+A",
			"wiki=ann/proj&page=B&action=SAVE&user=ann&url=https://forge.example/ann/proj/wiki/B&event=gollum&key=1+B",
		}},
		{"wiki_page", fmt.Sprintf(gitlab, "create"), []string{"wiki=ann/proj&page=Home&action=SAVENEW&user=ann&comment=first&rev=cc33&url=https://lab.example/w/home&diff=https://lab.example/w/home/diff&event=wiki_page&key=wiki+ann/proj+home+cc33+SAVENEW"}},
		{"wiki_page", fmt.Sprintf(gitlab, "update"), []string{"wiki=ann/proj&page=Home&action=SAVE&user=ann&comment=first&rev=cc33&url=https://lab.example/w/home&diff=https://lab.example/w/home/diff&event=wiki_page&key=wiki+ann/proj+home+cc33+SAVE"}},
		{"wiki_page", fmt.Sprintf(gitlab, "delete"), []string{"wiki=ann/proj&page=Home&action=SAVE/DELETE&user=ann&comment=first&rev=cc33&url=https://lab.example/w/home&diff=https://lab.example/w/home/diff&event=wiki_page&key=wiki+ann/proj+home+cc33+SAVE/DELETE"}},
		{"wiki", `{"action":"created","page":"Home","comment":"first",` + around, []string{"wiki=ann/proj&page=Home&action=SAVENEW&user=ann&comment=first&url=https://forge.example/ann/proj/wiki/Home&event=wiki&key=1+Home"}},
		{"wiki", `{"action":"renamed","page":"Home sweet",` + around, []string{"wiki=ann/proj&page=Home+sweet&action=SAVE/RENAME&user=ann&url=https://forge.example/ann/proj/wiki/Home-sweet&event=wiki&key=1+Home+sweet"}},
	} {
		var got []string
		for _, f := range made(t, Delivery{Event: c.event, ID: "1", Body: []byte(c.body)}) {
			var some ircbus.Fields
			for _, field := range f {
				if strings.Contains(" wiki page action user comment rev url diff event key ", " "+field.Key+" ") {
					some = append(some, field)
				}
			}
			got = append(got, some.Encode())
		}
		for i := range c.want { // a key of two words that have blanks is a hash
			if strings.HasSuffix(c.want[i], "sweet") {
				c.want[i], got[i] = before(c.want[i]), before(got[i])
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.event, diff)
		}
	}
}

func before(event string) string { return event[:strings.Index(event, "&key=")] }

// The line for people says what, which, result and address, and one field has the
// result, for all kinds of all forges.
func TestCaseC5(t *testing.T) {
	hub := `"repository":{"full_name":"ann/proj","html_url":"https://hub.example/ann/proj"},"sender":{"login":"ann"}}`
	lab := `"user":{"username":"ann"},"project":{"path_with_namespace":"ann/proj","web_url":"https://lab.example/ann/proj"}}`
	bit := `"actor":{"nickname":"ann"},"repository":{"full_name":"ann/proj","links":{"html":{"href":"https://bit.example/ann/proj"}}}}`
	for _, c := range []struct{ event, body, line, state, word string }{
		{"workflow_run", `{"action":"completed","workflow_run":{"name":"CI","run_number":42,"status":"completed","conclusion":"failure","head_branch":"main","head_sha":"4d13a581aa","html_url":"https://hub.example/runs/1"},` + hub,
			"proj main 4d13a581 — workflow_run/completed by ann (failed): CI #42 https://hub.example/runs/1", "failed", "workflow_run.conclusion=failure"},
		{"workflow_job", `{"action":"queued","workflow_job":{"name":"test","workflow_name":"CI","status":"queued","conclusion":null,"head_branch":"main","html_url":"https://hub.example/jobs/1"},` + hub,
			"proj main — workflow_job/queued by ann (pending): CI / test https://hub.example/jobs/1", "pending", "workflow_job.status=queued"},
		{"check_run", `{"action":"completed","check_run":{"name":"lint","status":"completed","conclusion":"timed_out","head_sha":"4d13a581aa","html_url":"https://hub.example/checks/1","output":{"title":"3 errors"},"check_suite":{"head_branch":"main"}},` + hub,
			"proj main 4d13a581 — check_run/completed by ann (failed): lint: 3 errors https://hub.example/checks/1", "failed", "check_run.conclusion=timed_out"},
		{"check_suite", `{"action":"completed","check_suite":{"status":"completed","conclusion":"cancelled","head_branch":"main","head_sha":"4d13a581aa","app":{"name":"CI"}},` + hub,
			"proj main 4d13a581 — check_suite/completed by ann (cancelled): CI https://hub.example/ann/proj/commit/4d13a581aa", "cancelled", "check_suite.conclusion=cancelled"},
		{"status", `{"sha":"4d13a581aa","state":"error","context":"ci/jenkins","description":"broken","target_url":"https://ci.example/1","branches":[{"name":"main"}],` + hub,
			"proj main 4d13a581 — status by ann (failed): ci/jenkins: broken https://ci.example/1", "failed", "state_=error"},
		{"deployment_status", `{"action":"created","deployment_status":{"state":"in_progress","environment":"prod","target_url":"https://ci.example/2","description":""},"deployment":{"ref":"main","sha":"4d13a581aa"},` + hub,
			"proj main 4d13a581 — deployment_status/created by ann (running): prod https://ci.example/2", "running", "deployment_status.state=in_progress"},
		{"page_build", `{"id":1,"build":{"status":"errored","error":{"message":"no theme"},"commit":"4d13a581aa"},` + hub,
			"proj 4d13a581 — page_build by ann (failed): no theme https://hub.example/ann/proj/commit/4d13a581aa", "failed", "build.status=errored"},
		{"pipeline", `{"object_kind":"pipeline","object_attributes":{"id":31,"ref":"main","tag":false,"sha":"4d13a581aa","status":"canceled","url":"https://lab.example/p/31"},"merge_request":{"title":"other","url":"https://lab.example/mr/1"},` + lab,
			"proj main 4d13a581 — pipeline by ann (cancelled): pipeline #31 https://lab.example/p/31", "cancelled", "object_attributes.status=canceled"},
		{"job", `{"object_kind":"build","ref":"v1","tag":true,"sha":"4d13a581aa","build_id":7,"build_name":"unit","build_stage":"test","build_status":"failed","build_failure_reason":"script_failure","commit":{"status":"running","message":"m"},` + lab,
			"proj v1 4d13a581 — job by ann (failed): test / unit #7: script_failure https://lab.example/ann/proj/-/jobs/7", "failed", "build_status=failed"},
		{"deployment", `{"object_kind":"deployment","status":"success","environment":"prod","deployable_url":"https://lab.example/j/1","short_sha":"4d13a581","commit_title":"Fix",` + lab,
			"proj 4d13a581 — deployment by ann (success): prod: Fix https://lab.example/j/1", "success", "status=success"},
		{"repo:commit_status_updated", `{"commit_status":{"name":"Unit","description":"passed","state":"SUCCESSFUL","key":"u","url":"https://ci.example/3","refname":"main","commit":{"hash":"4d13a581aa"}},` + bit,
			"proj main 4d13a581 — repo/commit_status_updated by ann (success): Unit: passed https://ci.example/3", "success", "commit_status.state=SUCCESSFUL"},
		{"repo:commit_status_created", `{"commit_status":{"name":"Unit","state":"STOPPED","url":"https://ci.example/3"},` + bit,
			"proj — repo/commit_status_created by ann (cancelled): Unit https://ci.example/3", "cancelled", "commit_status.state=STOPPED"},
		{"milestone", `{"action":"created","milestone":{"title":"v1","number":3,"html_url":"https://hub.example/m/3"},` + hub,
			"proj #3 — milestone/created by ann: v1 https://hub.example/m/3", "", "number=3"},
		{"label", `{"action":"created","label":{"name":"bug","url":"https://api.hub.example/labels/1"},` + hub, "proj — label/created by ann: bug https://hub.example/ann/proj", "", ""},
		{"member", `{"action":"added","member":{"login":"bob","html_url":"https://hub.example/bob"},` + hub, "proj — member/added by ann: bob https://hub.example/bob", "", ""},
		{"pull_request_review", `{"action":"submitted","review":{"state":"changes_requested","body":"no","html_url":"https://hub.example/r/1"},"pull_request":{"number":4,"title":"T"},` + hub,
			"proj #4 — pull_request_review/submitted by ann (changes requested): no https://hub.example/r/1", "", "title=T"},
		{"dependabot_alert", `{"action":"created","alert":{"number":2,"html_url":"https://hub.example/a/2","security_advisory":{"summary":"Hole"}},` + hub, "proj #2 — dependabot_alert/created by ann: Hole https://hub.example/a/2", "", ""},
		{"pullrequest:fulfilled", `{"pullrequest":{"id":4,"title":"T","links":{"html":{"href":"https://bit.example/pr/4"}},"destination":{"branch":{"name":"main"}}},` + bit, "proj #4 — pullrequest/fulfilled by ann: T https://bit.example/pr/4", "", "branch=main"},
		{"pr:merged", `{"eventKey":"pr:merged","actor":{"name":"ann"},"pullRequest":{"id":4,"title":"T","toRef":{"displayId":"main","repository":{"slug":"proj","project":{"key":"ANN"}}},"links":{"self":[{"href":"https://srv.example/pr/4"}]}}}`,
			"proj #4 — pr/merged by ann: T https://srv.example/pr/4", "", "repo=ANN/proj"},
		{"some_new_thing", `{"action":"done","thing":{"name":"what","html_url":"https://hub.example/t"},` + hub, "proj — some_new_thing/done by ann: what https://hub.example/t", "", ""},
	} {
		got, fields := line(t, c.event, c.body)
		name, value, _ := strings.Cut(c.word, "=")
		if got != c.line || fields.Get("state") != c.state || fields.Get(name) != value && c.word != "" {
			t.Errorf("%s: state %q, %q\n got %s\nwant %s\n%s", c.event, fields.Get("state"), fields.Get(name), got, c.line, fields.Encode())
		}
	}
}

// A large pipeline keeps its result and its jobs' names.
func TestCaseC7(t *testing.T) {
	var jobs strings.Builder
	for i := range 60 {
		fmt.Fprintf(&jobs, `,{"id":%d,"stage":"s%d","name":"n%d","status":"success","user":{"id":1,"name":"Ann","username":"ann","email":"a@example.org"},"runner":{"id":%d,"description":"a runner","tags":["a","b"]},"artifacts_file":{"filename":null,"size":null}}`, i, i, i, i)
	}
	_, fields := line(t, "pipeline", `{"object_kind":"pipeline","object_attributes":{"id":31,"status":"failed","detailed_status":"failed","stages":["a","b"],"duration":63,"url":"https://lab.example/31"},"builds":[`+jobs.String()[1:]+`]}`)
	for name, want := range map[string]string{"state": "failed", "object_attributes.status": "failed", "object_attributes.detailed_status": "failed", "object_attributes.duration": "63", "object_attributes.stages": "a"} {
		if fields.Get(name) != want {
			t.Errorf("%s is %q, want %q: %s", name, fields.Get(name), want, fields.Encode())
		}
	}
	if fields.Get("omitted") == "" {
		t.Error("nothing is said to be left out")
	}
}

// A push of which not all commits are told says so.
func TestCaseC18(t *testing.T) {
	var many strings.Builder
	for i := range most {
		fmt.Fprintf(&many, `,{"id":"%d","message":"m"}`, i)
	}
	one := `"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"3","message":"c"}]`
	for what, c := range map[string]struct{ event, body, comment, omitted string }{
		"Gitea":            {"push", `{` + one + `,"total_commits":9}`, "9 commits were pushed; the other 8 are not told one by one", "8"},
		"GitLab":           {"push", `{` + one + `,"total_commits_count":21}`, "21 commits were pushed; the other 20 are not told one by one", "20"},
		"GitHub":           {"push", `{"ref":"refs/heads/m","before":"x","after":"2047","commits":[` + many.String()[1:] + `]}`, "more commits were pushed than the 2048 that are told one by one", ""},
		"without the head": {"push", `{"ref":"refs/heads/m","before":"1","after":"9","head_commit":{"id":"9"},"commits":[{"id":"3","message":"c"}]}`, "more commits were pushed than the 1 that are told one by one", ""},
		"Bitbucket":        {"repo:push", `{"push":{"changes":[{"truncated":true,"old":{"type":"branch","name":"m","target":{"hash":"1"}},"new":{"type":"branch","name":"m","target":{"hash":"3"}},"commits":[{"hash":"3","message":"c"}]}]}}`, "more commits were pushed than the 1 that are told one by one", ""},
	} {
		all := made(t, Delivery{Event: c.event, ID: "1", Body: []byte(c.body)})
		last := all[len(all)-1]
		if last.Get("action") != "push" || last.Get("comment") != c.comment || last.Get("omitted") != c.omitted || last.Get("branch") != "m" {
			t.Errorf("%s: %s", what, last.Encode())
		}
	}
	for what, body := range map[string]string{"all": `{` + one + `,"total_commits":1,"head_commit":{"id":"3"}}`, "none counted": `{` + one + `}`} {
		if all := made(t, Delivery{Event: "push", Body: []byte(body)}); len(all) != 1 {
			t.Errorf("%s: %d events", what, len(all))
		}
	}
}

// The commits of a tag have the tag, and do not take the keys of the branch's.
func TestCaseC22Tag(t *testing.T) {
	tag := made(t, Delivery{Event: "tag_push", ID: "1", Body: []byte(`{"object_kind":"tag_push","ref":"refs/tags/v1","before":"000","after":"3","commits":[{"id":"3","message":"c"}]}`)})
	branch := made(t, Delivery{Event: "push", ID: "2", Body: []byte(`{"object_kind":"push","ref":"refs/heads/main","before":"2","after":"3","commits":[{"id":"3","message":"c"}]}`)})
	hub := made(t, Delivery{Event: "push", ID: "3", Body: []byte(`{"ref":"refs/tags/v1","before":"000","after":"3","commits":[{"id":"3","message":"c","distinct":true}]}`)})
	for _, all := range [][]ircbus.Fields{tag, hub} {
		for _, f := range all {
			if f.Get("tag") != "v1" || f.Has("branch") || f.Get("key") == branch[0].Get("key") {
				t.Errorf("of a tag: %s", f.Encode())
			}
		}
	}
	if f := branch[0]; f.Get("branch") != "main" || f.Has("tag") || f.Get("key") != made(t, Delivery{Event: "push", ID: "9", Body: []byte(`{"ref":"refs/heads/b","before":"2","after":"3","commits":[{"id":"3"}]}`)})[0].Get("key") {
		t.Errorf("of the branch: %s", f.Encode())
	}
}

// What GitLab calls confidential comes through only if that is wanted.
func TestCaseC22Confidential(t *testing.T) {
	for _, d := range []Delivery{
		{Event: "confidential_issue", Body: []byte(`{"object_kind":"issue","object_attributes":{"title":"x"}}`)},
		{Event: "issue", Body: []byte(`{"object_kind":"issue","object_attributes":{"title":"x","confidential":true}}`)},
		{Event: "system", Body: []byte(`{"object_kind":"issue","event_type":"confidential_issue","object_attributes":{"title":"x"}}`)},
		{Event: "confidential_note", Body: []byte(`{"object_kind":"note","object_attributes":{"note":"x"}}`)},
		{Event: "note", Body: []byte(`{"object_kind":"note","object_attributes":{"note":"x"},"issue":{"confidential":true}}`)},
		{Event: "note", Body: []byte(`{"object_kind":"note","object_attributes":{"note":"x","internal":true},"issue":{"title":"t"}}`)},
		{Event: "emoji", Body: []byte(`{"object_kind":"emoji","object_attributes":{"name":"x"},"work_item":{"confidential":true}}`)},
		{Event: "emoji", Body: []byte(`{"object_kind":"emoji","object_attributes":{"name":"x"},"note":{"internal":true}}`)},
		{Event: "issue", Body: []byte(`{"object_kind":"issue","object_attributes":{"title":"x","confidential":"true"}}`)},
	} {
		if events, err := Parse(d); err != nil || len(events) != 0 {
			t.Errorf("%s %s: %v, %v", d.Event, d.Body, events, err)
		}
		d.Confidential = true
		if events, err := Parse(d); err != nil || len(events) != 1 {
			t.Errorf("wanted %s %s: %v, %v", d.Event, d.Body, events, err)
		}
	}
	if events, err := Parse(Delivery{Event: "issue", Body: []byte(`{"object_attributes":{"title":"x","confidential":false}}`)}); err != nil || len(events) != 1 {
		t.Errorf("not confidential: %v, %v", events, err)
	}
}

// A delivery that was caught is known under another id, if what was signed has a
// time of its own. What has none can be said twice and be meant.
func TestCaseA18(t *testing.T) {
	for what, c := range map[string]struct {
		event, body string
		same        bool
	}{
		"an issue":        {"issues", `{"action":"labeled","issue":{"number":1,"updated_at":"2026-01-02T03:04:05Z"}}`, true},
		"a new one":       {"issues", `{"action":"opened","issue":{"number":1,"created_at":"2026-01-02T03:04:05Z"}}`, true},
		"an old one":      {"issues", `{"action":"pinned","issue":{"number":1,"created_at":"2026-01-02T03:04:05Z"}}`, false},
		"a check":         {"check_run", `{"action":"completed","check_run":{"completed_at":"2026-01-02T03:04:05Z"}}`, true},
		"a comment":       {"issue_comment", `{"action":"edited","comment":{"updated_at":"2026-01-02T03:04:05Z"},"issue":{"number":1}}`, true},
		"a star":          {"star", `{"action":"created","starred_at":"2026-01-02T03:04:05Z"}`, true},
		"a watcher":       {"watch", `{"action":"started","repository":{"created_at":"2026-01-02T03:04:05Z"}}`, false},
		"a member":        {"member", `{"action":"added","member":{"login":"bob"},"repository":{"updated_at":"2026-01-02T03:04:05Z"}}`, false},
		"a commit":        {"push", `{"ref":"refs/heads/m","before":"1","after":"3","commits":[{"id":"3"}]}`, true},
		"a branch":        {"push", `{"ref":"refs/heads/m","before":"000","after":"3","repository":{"pushed_at":1767323045}}`, true},
		"a branch, again": {"push", `{"ref":"refs/heads/m","before":"000","after":"3"}`, false},
		"a wiki's page":   {"gollum", `{"pages":[{"page_name":"A","sha":"11","action":"edited"}]}`, true},
		"a server's":      {"pr:merged", `{"eventKey":"pr:merged","date":"2026-01-02T03:04:05+0000","pullRequest":{"id":1}}`, true},
		"GitLab's":        {"issue", `{"object_attributes":{"iid":1,"updated_at":"2026-01-02 03:04:05 UTC"}}`, true},
	} {
		one := made(t, Delivery{Event: c.event, ID: "1", Body: []byte(c.body)})[0].Get("key")
		two := made(t, Delivery{Event: c.event, ID: "2", Body: []byte(c.body)})[0].Get("key")
		again := made(t, Delivery{Event: c.event, ID: "1", Body: []byte(c.body)})[0].Get("key")
		if one == "" || one != again || (one == two) != c.same {
			t.Errorf("%s: keys %q, %q and again %q", what, one, two, again)
		}
	}
	// Nothing tells two apart: there is no key (C1).
	if key := made(t, Delivery{Event: "watch", Body: []byte(`{"action":"started"}`)})[0].Get("key"); key != "" {
		t.Errorf("the key is %q", key)
	}
}

// Forgejo tells of its actions' runs with kinds and names of its own.
func TestCaseC5ForgejoRun(t *testing.T) {
	const body = `{"action":"failure","run":{"id":70,"title":"Fix","index_in_repo":7,"status":"failure",
		"html_url":"https://forge.example/r/7","workflow_id":"ci.yml","prettyref":"main","commit_sha":"abcd"},
		"repository":{"full_name":"ann/proj","html_url":"https://forge.example/ann/proj"},"sender":{"login":"ann"}}`
	text, fields := line(t, "action_run_failure", body)
	for key, want := range map[string]string{"state": "failed", "branch": "main", "rev": "abcd", "comment": "ci.yml #7: Fix", "url": "https://forge.example/r/7"} {
		if got := fields.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if !strings.Contains(text, "(failed): ci.yml #7: Fix https://forge.example/r/7") {
		t.Errorf("the line is %q", text)
	}
}

// Commits without a revision have no key: one that they shared would swallow all
// but the first, for ever.
func TestCaseC1CommitWithoutRevision(t *testing.T) {
	const body = `{"ref":"refs/heads/m","before":"1","after":"2","commits":[{"message":"a"},"b"],"repository":{"full_name":"ann/proj"}}`
	var said []string
	for _, fields := range made(t, Delivery{Event: "push", ID: "1", Body: []byte(body)}) {
		said = append(said, fields.Get("comment"))
		if key := fields.Get("key"); key != "" {
			t.Errorf("the key of %q is %q", fields.Get("comment"), key)
		}
	}
	if diff := cmp.Diff([]string{"a", "b"}, said); diff != "" {
		t.Error(diff)
	}
}
