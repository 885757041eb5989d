package bus

import (
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
)

// webDoors is a bus with every door over HTTP open.
type webDoors struct {
	*Bus
	t     *testing.T
	token string // of the publisher apps, which has the channels #apps and #other
	log   logged
}

func startWebDoors(t *testing.T) *webDoors {
	t.Helper()
	b := &webDoors{t: t}
	c := quiet(t)
	c.Log = slog.New(slog.NewTextHandler(&b.log, nil))
	c.Alertmanager.Open, c.CloudEvents.Open, c.Incoming.Open, c.Ping.Open = true, true, true, true
	c.Ntfy = Ntfy{Open: true, Root: true, Topics: map[string]string{"backup": "#other"}}
	c.JSON = map[string]JSON{"build": {Fields: map[string]string{"page": "/name", "key": "/id"}}}
	b.Bus = startBus(t, c)
	if err := b.Accounts().Add(account.Account{Name: "apps", Role: account.Publisher, Channels: []string{"#other"}}, "password of apps"); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.token, err = b.Accounts().AddToken("apps", 0); err != nil {
		t.Fatal(err)
	}
	return b
}

// do sends a request: "METHOD PATH", headers as "Name: value", a body. TOKEN in
// them stands for the token.
func (b *webDoors) do(line, headers, body string) (status int, answer string) {
	b.t.Helper()
	method, path, _ := strings.Cut(strings.ReplaceAll(line, "TOKEN", b.token), " ")
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.URL()+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for header := range strings.Lines(strings.ReplaceAll(headers, "TOKEN", b.token)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(header), ": "); ok {
			r.Header.Set(name, value)
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// last is the newest event and its readable line.
func (b *webDoors) last() (e ircbus.Event, line string) {
	b.t.Helper()
	bounds, err := b.store.Bounds(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if e, err = b.store.Event(b.t.Context(), bounds.Head); err != nil {
		b.t.Fatal(err)
	}
	b.directory.mu.Lock()
	defer b.directory.mu.Unlock()
	return e, b.directory.publishers[0].Line(&e, 400)
}

const (
	bearer = "Authorization: Bearer TOKEN"
	alert  = `{"alerts":[{"status":"firing","labels":{"alertname":"HighLoad","instance":"a"},"annotations":{"summary":"load 40"},"startsAt":"2026-11-20T18:34:07Z","fingerprint":"1"}],"groupKey":"g","version":"4"}`
	weblog = `<methodCall><methodName>weblogUpdates.ping</methodName><params><param><value>Planet</value></param><param><value>https://p.example/</value></param></params></methodCall>`
)

// TestWebDoors: what each door over HTTP answers, and the line for people.
func TestWebDoors(t *testing.T) {
	b := startWebDoors(t)
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("apps:password of apps"))
	nobody := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(":"+b.token))
	auth := base64.RawURLEncoding.EncodeToString([]byte("Bearer " + b.token))
	for _, test := range []struct {
		line, headers, body string
		status              int
		answer              string
		readable            string // of the event; "" for none
	}{
		{"POST /doors/alertmanager", bearer, alert, 204, "", "[FIRING] HighLoad on a: load 40"},
		{"POST /doors/alertmanager/TOKEN", "", strings.ReplaceAll(alert, "firing", "resolved"), 204, "", "[RESOLVED] HighLoad on a: load 40"},
		{"POST /doors/alertmanager", "", alert, 401, "log in with", ""},
		{"POST /doors/alertmanager/irb_wrong", "", alert, 401, "", ""},
		{"POST /doors/alertmanager", bearer, "{}", 400, "there are no alerts", ""},
		{"POST /doors/alertmanager?channel=%23else", bearer, alert, 403, "NOT_PUBLISHER", ""},
		{"POST /doors/incoming/TOKEN", "Content-Type: application/json", `{"text":"Hello","username":"Anna"}`, 200, "ok", "Anna: Hello"},
		{"POST /doors/incoming/hooks/TOKEN?channel=other", "", "payload=%7B%22text%22%3A%22form%22%7D", 403, "does not publish", ""},
		{"POST /doors/incoming/hooks/TOKEN?channel=%23other", "", "payload=%7B%22text%22%3A%22form%22%7D", 200, "ok", "form"},
		{"POST /doors/incoming", basic, `{"content":"Discord"}`, 204, "", "Discord"},
		{"POST /doors/incoming", basic, `{}`, 400, "the message has no text", ""},
		{"POST /doors/incoming", "", `{"text":"x"}`, 401, "log in with", ""},
		{"POST /doors/cloudevents", bearer + "\nce-specversion: 1.0\nce-id: 1\nce-source: s\nce-type: t\nContent-Type: text/plain", "data", 204, "", "t from s: data"},
		{"OPTIONS /doors/cloudevents/TOKEN", "WebHook-Request-Origin: e.example", "", 204, "", "t from s: data"},
		{"OPTIONS /doors/cloudevents", "WebHook-Request-Origin: e.example", "", 401, "", ""},
		{"POST /doors/ping/TOKEN", "Content-Type: text/xml", weblog, 200, "<name>flerror</name><value><boolean>0</boolean>", "Planet has something new: https://p.example/"},
		{"POST /doors/ping", bearer, "<x/>", 200, "<name>flerror</name><value><boolean>1</boolean>", ""},
		{"POST /doors/ping", "", weblog, 401, "<name>flerror</name><value><boolean>1</boolean>", ""},
		{"POST /doors/json/build", bearer, `{"name":"n","id":7,"x":{"y":1}}`, 201, `"duplicate":false`, "n"},
		{"POST /doors/json/build/TOKEN", "", `{"name":"n","id":7,"x":{"y":1}}`, 201, `"duplicate":true`, "n"},
		{"POST /doors/json/other", bearer, `{}`, 404, "", ""},
		{"PUT /doors/ntfy/apps", bearer + "\nTitle: T\nPriority: 5", "text", 200, `"topic":"apps","title":"T","message":"text","priority":5`, "[urgent] T: text"},
		{"POST /backup", nobody, "in root", 200, `"event":"message"`, "in root"},
		{"POST /", basic, `{"topic":"apps","message":"json"}`, 200, `"message":"json"`, "json"},
		{"POST /doors/ntfy/", bearer, `{"topic":"apps","message":"slash"}`, 200, `"message":"slash"`, "slash"},
		{"GET /apps/publish?message=get&auth=" + auth, "", "", 200, `"message":"get"`, "get"},
		{"GET /doors/ntfy/apps/trigger?auth=" + auth, "", "", 200, `"message":"triggered"`, "triggered"},
		{"GET /apps/else", bearer, "", 404, "nothing at", ""},
		{"POST /unknown", bearer, "x", 403, `"code":40301,"http":403`, ""},
		{"POST /apps", "", "x", 401, `"code":40101,"http":401`, ""},
		{"POST /apps", bearer + "\nDelay: 1h", "x", 400, `"code":40004,"http":400`, ""},
	} {
		status, answer := b.do(test.line, test.headers, test.body)
		if status != test.status || !strings.Contains(answer, test.answer) {
			t.Errorf("%s: %d %s; want %d with %s", test.line, status, answer, test.status, test.answer)
		}
		if test.readable == "" {
			continue
		}
		if e, line := b.last(); line != test.readable || e.Publisher != "apps" {
			t.Errorf("%s: %s published %q; want %q", test.line, e.Publisher, line, test.readable)
		}
	}
	for _, report := range b.Doors() {
		if report.Received == 0 || report.LastEvent == nil || len(report.Listens) == 0 {
			t.Errorf("%+v", report)
		}
	}
	if log := b.log.String(); strings.Contains(log, b.token) || strings.Contains(log, "irb_wrong") {
		t.Error("there is a secret in the log")
	}
}

// TestSyslogDoor: the account of the configuration publishes what comes, as far as
// it is urgent enough.
func TestSyslogDoor(t *testing.T) {
	c := quiet(t)
	c.Syslog = Syslog{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0", Severity: "warning", Publisher: "machines"}
	b := startBus(t, c)
	for _, network := range []string{"udp", "tcp"} {
		conn, err := net.Dial(network, doorAddr(t, b, "syslog", network))
		if err != nil {
			t.Fatal(err)
		}
		for _, message := range []string{"<14>app: not urgent", "<12>app: over " + network} {
			if _, err := io.WriteString(conn, message+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		conn.Close()
		waitFor(t, "the message over "+network, func() bool {
			stored := b.Doors()[0].Stored
			return network == "udp" && stored == 1 || stored == 2
		})
	}
	if line := firstLine(t, b); line != "127.0.0.1 app warning: over udp" {
		t.Errorf("the readable line is %q", line)
	}
	if r := b.Doors()[0]; r.Received != 4 || r.Stored != 2 || r.LastRefusal != nil {
		t.Errorf("%+v", r)
	}
}
