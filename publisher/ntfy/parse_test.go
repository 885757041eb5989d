package ntfy

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// request is one in short: "METHOD PATH?QUERY", headers, body.
type request struct {
	line    string
	headers []string // "Name: value"
	body    string
}

func (r request) parse(t testing.TB) (*Message, error) {
	t.Helper()
	method, address, _ := strings.Cut(r.line, " ")
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for _, line := range r.headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	return Parse(method, u.Path, u.Query(), header, []byte(r.body))
}

// The forms of ntfy's documentation (docs.ntfy.sh/publish).
var documented = []struct {
	request
	want string
}{
	{request{"POST /mytopic", nil, "Backup successful 😀"}, "comment=Backup successful 😀&text=Backup successful 😀&topic=mytopic"},
	{request{"PUT /alerts", []string{"Title: Unauthorized access detected", "Priority: urgent", "Tags: warning,skull"}, "Remote access detected. Act right away."},
		"comment=Remote access detected. Act right away.&text=[urgent] Unauthorized access detected: Remote access detected. Act right away.&topic=alerts&title=Unauthorized access detected&priority=5&tags=warning&tags=skull"},
	{request{"POST /reddit", []string{"X-Click: https://www.reddit.com/", "t: New", "prio: 4", "ta: a , b", "Markdown: yes", "Icon: https://i.example/i.png"}, "New messages"},
		"comment=New messages&url=https://www.reddit.com/&text=[high] New: New messages https://www.reddit.com/&topic=reddit&title=New&priority=4&tags=a&tags=b&icon=https://i.example/i.png&markdown=1"},
	{request{"GET /mywebhook/publish?message=Webhook+triggered&priority=high&tags=warning,skull", nil, "ignored"},
		"comment=Webhook triggered&text=[high] Webhook triggered&topic=mywebhook&priority=4&tags=warning&tags=skull"},
	{request{"GET /mywebhook/trigger", nil, ""}, "comment=triggered&text=triggered&topic=mywebhook"},
	{request{"GET /mywebhook/send?m=a%5Cnb&p=0", nil, ""}, "comment=a\nb&text=a b&topic=mywebhook"},
	{request{"POST /", nil, `{"topic":"mytopic","message":"Disk space is low at 5.1 GB","title":"Low disk space alert","tags":["warning","cd"],"priority":4,"attach":"https://filesrv.lan/space.jpg","filename":"diskspace.jpg","click":"https://homecamera.lan/xasds1h2xsSsa/","actions":[{ "action": "view", "label": "Admin panel", "url": "https://filesrv.lan/admin" }]}`},
		`comment=Disk space is low at 5.1 GB&url=https://homecamera.lan/xasds1h2xsSsa/&text=[high] Low disk space alert: Disk space is low at 5.1 GB https://homecamera.lan/xasds1h2xsSsa/&topic=mytopic&title=Low disk space alert&priority=4&tags=warning&tags=cd&attach=https://filesrv.lan/space.jpg&filename=diskspace.jpg&actions=[{"action":"view","label":"Admin panel","url":"https://filesrv.lan/admin"}]`},
	{request{"POST /", []string{"X-Priority: 1", "X-Tags: x"}, `{"topic":"t","message":"m","title":"","delay":null,"markdown":true}`}, "comment=m&text=m&topic=t&priority=1&tags=x&markdown=1"},
	{request{"PUT /t", []string{"Title: =?UTF-8?B?16nXnNeV150=?=", "Priority: u=4", "Cache: no"}, ""}, "comment=triggered&text=שלום: triggered&topic=t&title=שלום"},
}

func TestDocumented(t *testing.T) {
	for _, test := range documented {
		m, err := test.parse(t)
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		var got []string
		for _, field := range m.Fields(0) {
			got = append(got, field.Key+"="+field.Value)
		}
		if got := strings.Join(got, "&"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.line, got, test.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, test := range []struct {
		request
		code int
	}{
		{request{"POST /a b", nil, "x"}, 40009}, {request{"POST /" + strings.Repeat("x", 65), nil, "x"}, 40009}, {request{"POST /a,b", nil, "x"}, 40009},
		{request{"POST /", nil, "text"}, 40017}, {request{"POST /", nil, "null"}, 40017}, {request{"POST /", nil, `{"message":"x"}`}, 40009},
		{request{"POST /t/publish", nil, "x"}, 40401}, {request{"GET /t", nil, ""}, 40401}, {request{"GET /t/json", nil, ""}, 40401}, {request{"GET /", nil, ""}, 40401},
		{request{"POST /t", []string{"Delay: 30min"}, "x"}, 40004}, {request{"POST /t?email=a@b.example", nil, "x"}, 40001}, {request{"POST /t", []string{"Call: yes"}, "x"}, 40032},
		{request{"POST /t", []string{"Priority: 6"}, "x"}, 40007}, {request{"POST /t", []string{"Priority: very"}, "x"}, 40007},
		{request{"PUT /t", []string{"Filename: a.jpg"}, "x"}, 40014}, {request{"PUT /t", nil, "\xff\xd8"}, 40011}, {request{"POST /t?tpl=yes", nil, "{}"}, 0},
	} {
		m, err := test.parse(t)
		if e, ok := err.(*Error); !ok || e.Code != test.code || m != nil {
			t.Errorf("%s %v: %v, %v; want the code %d", test.line, test.headers, m, err, test.code)
		}
	}
}

func TestAnswer(t *testing.T) {
	m, err := documented[6].parse(t)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(m.Answer(ircbus.Receipt{ID: 7, At: time.Unix(1700000000, 5000)}), &answer); err != nil {
		t.Fatal(err)
	}
	if answer["id"] != "7" || answer["time"] != 1.7e9 || answer["event"] != "message" || answer["topic"] != "mytopic" || len(answer["tags"].([]any)) != 2 ||
		answer["attachment"].(map[string]any)["name"] != "diskspace.jpg" || len(answer["actions"].([]any)) != 1 {
		t.Errorf("got %v", answer)
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documented {
		method, address, _ := strings.Cut(d.line, " ")
		path, query, _ := strings.Cut(address, "?")
		f.Add(method, path, query, strings.Join(d.headers, "\n"), []byte(d.body))
	}
	f.Fuzz(func(t *testing.T, method, path, query, headers string, body []byte) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		header := http.Header{}
		for line := range strings.SplitSeq(headers, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			header.Set(name, value)
		}
		m, err := Parse(method, path, values, header, body)
		if err != nil {
			if e, ok := err.(*Error); !ok || e.HTTP < 400 || m != nil {
				t.Errorf("%v, %v", m, err)
			}
			return
		}
		if _, err := ircbus.Accept(m.Fields(0), 0); err != nil {
			t.Errorf("%v", err)
		}
		if !json.Valid(m.Answer(ircbus.Receipt{ID: 1})) {
			t.Error("the answer is not JSON")
		}
	})
}

// TestCaseC22: a message's sequence id is kept, however it is given, and so is what the
// bus does not know.
func TestCaseC22(t *testing.T) {
	for _, test := range []struct {
		path, header, query, body string
	}{
		{"/t", "X-Sequence-ID", "", "x"}, {"/t", "", "sid=s", "x"}, {"/t/s", "", "", "x"}, {"/", "", "", `{"topic":"t","message":"x","sequence_id":"s","new":{"a":1}}`},
	} {
		header := http.Header{}
		if test.header != "" {
			header.Set(test.header, "s")
		}
		query, err := url.ParseQuery(test.query)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse("POST", test.path, query, header, []byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		f := m.Fields(0)
		if f.Get("sequence_id") != "s" || f.Has("key") || test.path == "/" && f.Get("new.a") != "1" {
			t.Errorf("%+v: %s", test, f.Encode())
		}
		if answer := string(m.Answer(ircbus.Receipt{})); !strings.Contains(answer, `"sequence_id":"s"`) {
			t.Error(answer)
		}
	}
}
