package alertmanager

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// recorded returns the bodies that Alertmanager sent.
func recorded(t testing.TB) [][]byte {
	t.Helper()
	lines, err := os.ReadFile("testdata/alertmanager.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	for line := range bytes.Lines(lines) {
		var post struct{ Body string }
		if err := json.Unmarshal(line, &post); err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, []byte(post.Body))
	}
	return bodies
}

func grafana(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func pairs(fields ircbus.Fields) []string {
	var lines []string
	for _, field := range fields {
		lines = append(lines, field.Key+"="+field.Value)
	}
	return lines
}

// parse makes events of a body, with the status as their key.
func parse(body []byte) (events []ircbus.Fields, err error) {
	alerts, err := Parse(body)
	for _, alert := range alerts {
		events = append(events, alert.Fields(alert.Status+"/"+alert.Fingerprint+"/"+alert.Starts, 0))
	}
	return events, err
}

func TestRecorded(t *testing.T) {
	bodies := recorded(t)
	fired, err := parse(bodies[0])
	if err != nil || len(fired) != 2 {
		t.Fatalf("%v, %v", fired, err)
	}
	want := []string{
		"page=WikiDown", "action=firing", "time=2026-11-20T18:34:07.749796Z", "comment=הוויקי אינו עונה", "url=http://prom.example/graph",
		"text=[FIRING] WikiDown on wiki1: הוויקי אינו עונה http://prom.example/graph",
		"key=firing/0f8d9c1877af3b3e/2026-11-20T18:34:07.749796212Z",
		"labels.instance=wiki1", "labels.severity=critical", "annotations.description=HTTP 503 for 5 minutes",
		"startsAt=2026-11-20T18:34:07.749796212Z", "generatorURL=http://prom.example/graph", "fingerprint=0f8d9c1877af3b3e",
		"receiver=bus", "externalURL=http://host:29093", `groupKey={}:{alertname="WikiDown"}`,
	}
	if diff := cmp.Diff(want, pairs(fired[0])); diff != "" {
		t.Error(diff)
	}
	later, err := parse(bodies[1])
	if err != nil || len(later) != 2 {
		t.Fatalf("%v, %v", later, err)
	}
	if got := later[0]; got.Get("action") != "resolved" || got.Get("time") != "2026-11-20T18:34:10.000000Z" || got.Get("key") == fired[0].Get("key") ||
		got.Get("endsAt") != "2026-11-20T18:34:10Z" || got.Get("text") != "[RESOLVED] WikiDown on wiki1: הוויקי אינו עונה" {
		t.Errorf("resolved: %v", got)
	}
	if later[1].Get("key") != fired[1].Get("key") || fired[0].Get("key") == fired[1].Get("key") {
		t.Errorf("the repeated alert has the key %s, before %s", later[1].Get("key"), fired[1].Get("key"))
	}
}

func TestGrafana(t *testing.T) {
	events, err := parse(grafana(t))
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	e := events[0]
	if got, want := e.Get("text"), "[FIRING] Disk full on wiki1:9100: 95 % of /srv is used https://grafana.example/d/abc?viewPanel=2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, name := range []string{"values.B", "valueString", "silenceURL", "dashboardURL", "orgId", "title", "state", "message"} {
		if e.Get(name) == "" {
			t.Errorf("%s is missing in %v", name, e)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, body := range []string{"", "{}", "[]", `{"alerts":[]}`, `{"alerts":[7]}`, `{"alerts":[{}]}`, `{"alerts":"x"}`, `{"alerts":[{"status":"firing"}`} {
		if events, err := parse([]byte(body)); err == nil || events != nil {
			t.Errorf("%s: %v", body, events)
		}
	}
}

// An alert with more labels than an event has fields is still told.
func TestTooMuch(t *testing.T) {
	labels := `"alertname":"A"`
	for i := range 100 {
		labels += `,"l` + strings.Repeat("x", i) + `":"v"`
	}
	body := `{"alerts":[{"status":"firing","labels":{` + labels + `},"annotations":{"summary":"` + strings.Repeat("s", 20_000) + `"}}]}`
	events, err := parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ircbus.Accept(events[0], 0)
	if err != nil || got.Get("omitted") == "" || got.Get("cut") != "comment" || got.Get("page") != "A" {
		t.Errorf("%v: %.200v", err, got)
	}
}

func FuzzParse(f *testing.F) {
	for _, body := range append(recorded(f), grafana(f)) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := parse(body)
		if err != nil {
			if _, ok := err.(*ircbus.Refusal); !ok || events != nil {
				t.Errorf("%T with %d events", err, len(events))
			}
			return
		}
		for _, fields := range events {
			if _, err := ircbus.Accept(fields, 0); err != nil && fields.Get("action") != ircbus.Redacted {
				t.Errorf("%v: %v", fields, err)
			}
		}
	})
}

// TestCaseC3Alerts: what is of another type refuses no alert.
func TestCaseC3Alerts(t *testing.T) {
	for _, test := range []struct{ body, actions, omitted string }{
		{`{"alerts":[5,"x",null,{"status":"firing"},{"status":"resolved"}]}`, "firing resolved", "2"},
		{`{"alerts":{"status":"firing","labels":{"alertname":"A"}}}`, "firing", ""},
		{`{"status":"resolved","alerts":[{"labels":{"alertname":"A"}}]}`, "resolved", ""},
		{`{"alerts":[{"status":5,"labels":{"alertname":"A"}}]}`, "firing", ""},
		{`{"alerts":[{"status":{"state":"active"},"endsAt":"2020-01-02T03:04:05Z"}]}`, "resolved", ""},
		{`{"alerts":[{"endsAt":"0001-01-01T00:00:00Z"},{"endsAt":"9999-01-01T00:00:00Z"}]}`, "firing firing", ""},
	} {
		events, err := parse([]byte(test.body))
		var actions []string
		for _, fields := range events {
			actions = append(actions, fields.Get("action"))
		}
		if err != nil || strings.Join(actions, " ") != test.actions || events[0].Get("omitted") != test.omitted {
			t.Errorf("%s: %v %v", test.body, err, events)
		}
	}
}
