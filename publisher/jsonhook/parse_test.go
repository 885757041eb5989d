package jsonhook

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

const build = `{"builder":{"name":"wiki","id":7},"state":"failed","reason":"test","who":{"name":"שרה"},"uuid":"u-1","tags":["a","b"],"n":1.50,"o":{"p":{"q":true}},"a/b":"s"}`

func TestParse(t *testing.T) {
	for _, test := range []struct {
		spec       Spec
		body, want string
	}{
		{Spec{}, `{"a":1,"id":"x"}`, "a=1&id_=x"},
		{Spec{Fields: map[string]string{"page": "/builder/name", "action": "build", "comment": "{{.reason}} by {{.who.name}}{{.nobody}}", "key": "/uuid", "tag": "/tags"}}, build,
			"action=build&comment=test+by+שרה&key=u-1&page=wiki&tag=a&tag=b&a_b=s&builder.id=7&n=1.50&o.p.q=1&reason=test&state=failed&who.name=שרה"},
		{Spec{Only: true, Fields: map[string]string{"o": "/o", "n": "/n", "x": "/tags/1", "y": "/tags/2", "z": "/nothing/here", "s": "/a~1b", "t": `{{upper .state}} {{join ", " .tags}} {{json .o}}`}}, build,
			`n=1.50&o={"p":{"q":true}}&s=s&t=FAILED+a,+b+{"p":{"q":true}}&x=b`},
		{Spec{Each: "/list/items", Only: true, Fields: map[string]string{"page": "/p"}}, `{"list":{"items":[{"p":1},{"p":"b"}]}}`, "page=1|page=b"},
	} {
		m, err := New(test.spec)
		if err != nil {
			t.Fatal(err)
		}
		events, err := m.Parse([]byte(test.body), 0)
		var got []string
		for _, e := range events {
			got = append(got, e.Encode())
		}
		if strings.Join(got, "|") != test.want || err != nil {
			t.Errorf("%+v: %v\n got %s\nwant %s", test.spec, err, strings.Join(got, "|"), test.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	each := mustNew(t, Spec{Each: "/e", Only: true, Fields: map[string]string{"page": "/p"}})
	loop := mustNew(t, Spec{Fields: map[string]string{"page": "{{range .l}}" + strings.Repeat("x", 100) + "{{end}}", "comment": "{{index .l 0}}"}})
	for _, test := range []struct {
		m    *Mapping
		body string
	}{
		{each, ""}, {each, "{}"}, {each, `{"e":[]}`}, {each, `{"e":{}}`}, {each, `{"e":[7]}`}, {each, `{"e":[{}]}`}, {each, `{"e":[{"p":1}]} x`},
		{each, `{"e":[` + strings.Repeat("{},", maxBatch) + `{}]}`},
		{loop, "[]"}, {loop, `{"l":[]}`}, {loop, `{"l":[` + strings.Repeat("1,", 1000) + `1]}`}, {loop, strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30)},
	} {
		events, err := test.m.Parse([]byte(test.body), 0)
		if _, ok := err.(*ircbus.Refusal); !ok || events != nil {
			t.Errorf("%.60s: %v, %v", test.body, events, err)
		}
	}
	for _, spec := range []Spec{
		{Only: true}, {Each: "x"}, {Fields: map[string]string{"id": "/x"}}, {Fields: map[string]string{"a b": "/x"}}, {Fields: map[string]string{"a": ""}},
		{Fields: map[string]string{"a": "{{"}}, {Fields: map[string]string{"a": "{{nothing .b}}"}},
	} {
		if _, err := New(spec); err == nil {
			t.Errorf("%+v is taken", spec)
		}
	}
}

func mustNew(t testing.TB, spec Spec) *Mapping {
	t.Helper()
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func FuzzParse(f *testing.F) {
	m := mustNew(f, Spec{Fields: map[string]string{"page": "/builder/name", "comment": "{{.reason}} {{join \",\" .tags}}", "key": "/uuid"}})
	f.Add([]byte(build))
	f.Add([]byte(`{"uuid":{"a":1},"tags":[[]],"reason":{"x":[1]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := m.Parse(body, 0)
		if err != nil {
			if _, ok := err.(*ircbus.Refusal); !ok || events != nil {
				t.Errorf("%T", err)
			}
			return
		}
		for _, fields := range events {
			if _, err := ircbus.Accept(fields, 0); err != nil && fields.Get("action") != ircbus.Redacted {
				t.Errorf("%q: %v", body, err)
			}
		}
	})
}

// TestCaseC17: arrays and lines of JSON are events; what is none is told.
func TestCaseC17(t *testing.T) {
	each := mustNew(t, Spec{Each: "/e"})
	for _, test := range []struct {
		m          *Mapping
		body, want string
	}{
		{mustNew(t, Spec{}), `[{"a":1},{"a":2}]`, "a=1|a=2"}, {mustNew(t, Spec{}), "{\"a\":1}\n{\"a\":2}\n", "a=1|a=2"}, {mustNew(t, Spec{}), "\ufeff {\"a\":1}", "a=1"},
		{each, `{"e":[{"a":1}]}{"e":[{"a":2}]}`, "a=1|a=2"},
	} {
		events, err := test.m.Parse([]byte(test.body), 0)
		var got []string
		for _, e := range events {
			got = append(got, e.Encode())
		}
		if strings.Join(got, "|") != test.want || err != nil {
			t.Errorf("%s: %q, %v", test.body, got, err)
		}
	}
	for body, want := range map[string]string{
		`"text"`: "a string", "7": "a number", "true": "true or false", "null": "null", "[]": "there are 0 events", "[[{}]]": "an array in an array", `[{"a":1},7]`: "a number",
		"": "there is no JSON", `{"a":1} x`: "broken JSON", "[" + strings.Repeat(`{"a":1},`, maxBatch) + `{"a":1}]`: "there are 1001",
	} {
		if _, err := mustNew(t, Spec{}).Parse([]byte(body), 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", body, err, want)
		}
	}
}
