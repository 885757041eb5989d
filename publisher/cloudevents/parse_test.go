package cloudevents

import (
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// request is one in short.
type request struct {
	headers, body string // "Name: value", one a line
}

func (r request) header() http.Header {
	header := http.Header{}
	for line := range strings.SplitSeq(r.headers, "\n") {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return header
}

const structuredEvent = `{"specversion":"1.0","type":"com.example.someevent","source":"/mycontext","subject":"larger-context","id":"C234-1234-1234","time":"2018-04-05T17:31:00Z","comexampleextension1":"value","comexampleothervalue":5,"datacontenttype":"application/json","data":{"appinfoA":"abc","appinfoC":true,"message":"hello"}}`

// The examples of the specification (cloudevents/bindings/http-protocol-binding.md,
// cloudevents/formats/json-format.md).
var documented = []struct {
	request
	want string
}{
	{request{"ce-specversion: 1.0\nce-type: com.example.someevent\nce-time: 2018-04-05T03:56:24Z\nce-id: 1234-1234-1234\nce-source: /mycontext/subcontext\nce-comexample: Euro%20%E2%82%AC\nContent-Type: application/json; charset=utf-8", `{"n":1.0}`},
		"action=com.example.someevent&time=2018-04-05T03:56:24.000000Z&text=com.example.someevent from /mycontext/subcontext&key=/mycontext/subcontext 1234-1234-1234&comexample=Euro €&id_=1234-1234-1234&source=/mycontext/subcontext&type=com.example.someevent&datacontenttype=application/json; charset=utf-8&data.n=1.0"},
	{request{"Content-Type: application/cloudevents+json; charset=UTF-8", structuredEvent},
		"page=larger-context&action=com.example.someevent&time=2018-04-05T17:31:00.000000Z&text=com.example.someevent larger-context from /mycontext: hello&key=/mycontext C234-1234-1234&comexampleextension1=value&comexampleothervalue=5&datacontenttype=application/json&id_=C234-1234-1234&source=/mycontext&type=com.example.someevent&data.appinfoA=abc&data.appinfoC=1&data.message=hello"},
	{request{"Content-Type: application/cloudevents-batch+json", `[{"specversion":"1.0","type":"t","source":"s","id":"1","data":"text"},{"specversion":"1.0","type":"t","source":"s","id":"2","data_base64":"/9g="}]`},
		"action=t&comment=text&text=t from s: text&key=s 1&id_=1&source=s&type=t|action=t&text=t from s&key=s 2&id_=2&source=s&type=t&data_base64=/9g="},
	{request{"ce-specversion: 1.0\nce-type: t\nce-id: 1\nce-source: s\nContent-Type: text/plain", "some\ntext"}, "action=t&comment=some\ntext&text=t from s: some text&key=s 1&id_=1&source=s&type=t&datacontenttype=text/plain"},
	{request{"ce-specversion: 1.0\nce-type: t\nce-id: 1\nce-source: s\nContent-Type: application/json", "[1,2]"}, "action=t&text=t from s&key=s 1&id_=1&source=s&type=t&datacontenttype=application/json&data=1&data=2"},
	{request{"ce-specversion: 1.0\nce-type: t\nce-id: 1\nce-source: s", ""}, "action=t&text=t from s&key=s 1&id_=1&source=s&type=t"},
}

func TestDocumented(t *testing.T) {
	for _, test := range documented {
		events, err := Parse(test.header(), []byte(test.body), 0)
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		var all []string
		for _, fields := range events {
			var got []string
			for _, field := range fields {
				if _, err := ircbus.Accept(fields, 0); err != nil {
					t.Error(err)
				}
				got = append(got, field.Key+"="+field.Value)
			}
			all = append(all, strings.Join(got, "&"))
		}
		if got := strings.Join(all, "|"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.body, got, test.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, r := range []request{
		{"", "{}"}, {"Content-Type: application/json", structuredEvent},
		{"ce-specversion: 2.0\nce-id: 1\nce-source: s\nce-type: t", ""}, {"ce-specversion: 1.0\nce-id: 1\nce-source: s", ""},
		{"ce-specversion: 1.0\nce-id: 1\nce-source: s\nce-type: t\nContent-Type: application/json", "{"},
		{"ce-specversion: 1.0\nce-id: 1\nce-source: s\nce-type: t\nContent-Type: application/json", `1,"x":2`},
		{"Content-Type: application/cloudevents+json", ""}, {"Content-Type: application/cloudevents+json", "[]"}, {"Content-Type: application/cloudevents+json", "{}"},
		{"Content-Type: application/cloudevents-batch+json", "[]"}, {"Content-Type: application/cloudevents-batch+json", "[7]"},
		{"Content-Type: application/cloudevents-batch+json", "[" + strings.Repeat(structuredEvent+",", maxBatch) + structuredEvent + "]"},
	} {
		if events, err := Parse(r.header(), []byte(r.body), 0); err == nil || events != nil {
			t.Errorf("%s %.80s: %v", r.headers, r.body, events)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documented {
		f.Add(d.headers, []byte(d.body))
	}
	f.Fuzz(func(t *testing.T, headers string, body []byte) {
		events, err := Parse(request{headers: headers}.header(), body, 0)
		if err != nil {
			_, refused := err.(*ircbus.Refusal)
			_, unreadable := err.(*content.Error) // an unknown charset
			if !refused && !unreadable || events != nil {
				t.Errorf("%T", err)
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

// TestCaseC15: the time of a CloudEvent is read, or kept.
func TestCaseC15(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-02t03:04:05z": "time=2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05+0100": "time=2026-01-02T02:04:05.000000Z",
		"2016-12-31T23:59:60Z": "time=2017-01-01T00:00:00.000000Z", "2026-01-02T03:04:05,5Z": "time=2026-01-02T03:04:05.500000Z", "soon": "time_=soon",
	} {
		header := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}, "Ce-Type": {"t"}, "Ce-Time": {text}}
		binary, err := Parse(header, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		structured, err := Parse(http.Header{"Content-Type": {"application/cloudevents+json"}}, []byte(`{"specversion":"1.0","id":"1","source":"s","type":"t","time":"`+text+`"}`), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []ircbus.Fields{binary[0], structured[0]} {
			if !strings.Contains("&"+f.Encode(), "&"+want) {
				t.Errorf("%s: %s", text, f.Encode())
			}
		}
	}
}
