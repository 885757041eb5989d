package bus

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ircbus/ircbus/ircd/account"
)

// bodies is what each way in over HTTP takes, with what its event says then.
var bodies = []struct{ line, headers, body, want string }{
	{"POST /events", bearer + "\nContent-Type: application/json", `{"comment":"é of events"}`, "é of events"},
	{"POST /events", bearer + "\nContent-Type: application/x-www-form-urlencoded", "comment=é of a form", "é of a form"},
	{"POST /events", bearer + "\nContent-Type: application/x-ndjson", `{"comment":"é of lines"}`, "é of lines"},
	{"POST /doors/alertmanager", bearer, strings.NewReplacer("load 40", "é of an alert", `"1"`, `"NNN"`).Replace(alert), "é of an alert"},
	{"POST /doors/incoming", bearer, `{"text":"é of Slack"}`, "é of Slack"},
	{"POST /doors/incoming", bearer, `payload={"text":"é of a form"}`, "é of a form"},
	{"POST /doors/cloudevents", bearer + "\nContent-Type: application/cloudevents+json", `{"specversion":"1.0","id":"NNN","source":"s","type":"t","data":"é of an event"}`, "é of an event"},
	{"POST /doors/cloudevents", bearer + "\nContent-Type: application/json\nCe-Specversion: 1.0\nCe-Id: NNN\nCe-Source: s\nCe-Type: t", `"é of data"`, "é of data"},
	{"POST /doors/ping", bearer, strings.ReplaceAll(weblog, "Planet", "é of a weblog"), "é of a weblog"},
	{"POST /doors/json/build", bearer, `{"name":"é of a build"}`, "é of a build"},
	{"POST /doors/ntfy/apps", bearer, "é of ntfy", "é of ntfy"},
	{"POST /doors/ntfy/", bearer, `{"topic":"apps","message":"é of JSON"}`, "é of JSON"},
	{"POST /notification/send", "", `{"message":"é of prism"}`, "é of prism"},
	{"POST /notification/send", "", "message=é of prism's form", "é of prism's form"},
	{"POST /doors/moin/apps", "", notificationOf("é of a wiki"), "é of a wiki"},
	{"POST /doors/mail", bearer, "From: a@example.org\nSubject: é of a mail\n\nbody", "é of a mail"},
	{"POST /doors/forge/apps", "X-GitHub-Event: push", `{"ref":"refs/heads/main","before":"1","after":"NNN","repository":{"full_name":"a/p"},"commits":[{"id":"NNN","message":"é of a commit"}]}`, "é of a commit"},
}

func notificationOf(comment string) string {
	member := func(name, value string) string {
		return "<member><name>" + name + "</name><value>" + value + "</value></member>"
	}
	return "<methodCall><methodName>send_notification</methodName><params><param><value>" + webhookSecret + "</value></param>" +
		"<param><value><array><data></data></array></value></param><param><value><struct>" + member("action", "page_changed") +
		member("page_name", "P") + member("comment", comment) + "</struct></value></param></params></methodCall>"
}

// startBodies is a bus with all doors over HTTP.
func startBodies(t *testing.T) *webDoors {
	t.Helper()
	b := &webDoors{t: t}
	c := quiet(t)
	c.Alertmanager.Open, c.CloudEvents.Open, c.Incoming.Open, c.Ping.Open, c.Ntfy.Open = true, true, true, true, true
	c.JSON = map[string]JSON{"build": {Fields: map[string]string{"page": "/name"}}}
	c.Prism.HTTP, c.Prism.Publisher, c.Mail.HTTP = true, "prism", true
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("\ufeffapps "+webhookSecret+"\n"), 0o600); err != nil { // files may have a mark, too
		t.Fatal(err)
	}
	c.Forge.SecretsFile, c.Moin = secrets, Moin{SecretsFile: secrets}
	b.Bus = startBus(t, c)
	err := b.Accounts().Add(account.Account{Name: "apps", Role: account.Publisher}, "")
	if err == nil {
		b.token, err = b.Accounts().AddToken("apps", 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// form is a body's text in some form, and an id that no body had before.
func (b *webDoors) form(text, form string) string {
	return strings.NewReplacer("NNN", "n"+strconv.FormatUint(b.count(), 10), "of", "of "+form).Replace(text)
}

// post sends a body as it is, signed for the forge.
func (b *webDoors) post(line, headers, body string) (status int, answer string) {
	b.t.Helper()
	return b.do(line, headers+"\nX-Hub-Signature-256: sha256="+signature(body, webhookSecret), body)
}

// takesAll checks that every door takes its body in some form of it.
func (b *webDoors) takesAll(form, header string, change func(string) string) {
	b.t.Helper()
	for _, test := range bodies {
		if strings.Contains(test.line, "mail") && strings.HasPrefix(form, "UTF-16") {
			continue // a mail says its charset itself
		}
		was := b.count()
		status, answer := b.post(test.line, b.form(test.headers, "")+"\n"+header, change(b.form(test.body, form)))
		if status >= 300 || strings.Contains(answer, "fault") {
			b.t.Errorf("%s, %s: %d %s", test.line, form, status, answer)
			continue
		}
		if e, _ := b.last(); b.count() != was+1 || !strings.Contains(e.Fields.Get("comment")+e.Fields.Get("page")+e.Fields.Get("text"), b.form(test.want, form)) {
			b.t.Errorf("%s, %s: %s", test.line, form, e.Fields.Encode())
		}
	}
}

// count is the id of the newest event.
func (b *webDoors) count() uint64 {
	b.t.Helper()
	bounds, err := b.store.Bounds(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return uint64(bounds.Head)
}

// TestCaseC8: a byte order mark is no part of a body, whichever door it comes to.
func TestCaseC8(t *testing.T) {
	b := startBodies(t)
	b.takesAll("nothing", "", func(body string) string { return body })
	b.takesAll("a mark", "", func(body string) string { return "\ufeff" + body })
	b.takesAll("UTF-16", "", func(body string) string {
		marked := []byte("\xfe\xff")
		for _, unit := range utf16.Encode([]rune(body)) {
			marked = append(marked, byte(unit>>8), byte(unit))
		}
		return string(marked)
	})
}

// TestCaseC9: a body may come compressed, and with no other coding.
func TestCaseC9(t *testing.T) {
	b := startBodies(t)
	pack := func(make func(io.Writer) io.WriteCloser) func(string) string {
		return func(body string) string {
			var out bytes.Buffer
			w := make(&out)
			io.WriteString(w, body) // into memory
			w.Close()
			return out.String()
		}
	}
	gzipped := pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	b.takesAll("gzip", "Content-Encoding: gzip", gzipped)
	b.takesAll("deflate", "Content-Encoding: deflate", pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }))
	b.takesAll("a mark in gzip", "Content-Encoding: gzip", func(body string) string { return gzipped("\ufeff" + body) })
	was := b.count()
	for _, test := range bodies {
		if status, answer := b.post(test.line, test.headers+"\nContent-Encoding: br", test.body); status != 415 && !strings.Contains(answer, "Content-Encoding") {
			t.Errorf("%s: %d %s", test.line, status, answer)
		}
		if status, answer := b.post(test.line, test.headers+"\nContent-Encoding: gzip", gzipped(test.body+strings.Repeat(" ", 17<<20))); status < 400 && !strings.Contains(answer, "more than") {
			t.Errorf("%s, too large: %d %s", test.line, status, answer)
		}
	}
	if n := b.count(); n != was {
		t.Errorf("%d events of refused bodies", n-was)
	}
}

// TestCaseC14: a body may be in another charset, by its Content-Type, by its XML
// declaration, or without a word.
func TestCaseC14(t *testing.T) {
	b := startBodies(t)
	latin := func(body string) string { return strings.NewReplacer("é", "\xe9", "€", "\x80").Replace(body) }
	for _, test := range bodies {
		contentType := "text/plain"
		for line := range strings.Lines(test.headers) {
			if value, ok := strings.CutPrefix(line, "Content-Type: "); ok {
				contentType = strings.TrimSpace(value)
			}
		}
		for _, charset := range []string{"; charset=windows-1252", "; charset=ISO-8859-1", ""} {
			isJSON := strings.Contains(test.line, "/events") && strings.Contains(contentType, "json")
			if charset == "" && isJSON { // there JSON is UTF-8 unless the header says otherwise
				continue
			}
			body := b.form(test.body, "€")
			status, answer := b.post(test.line, b.form(test.headers, "")+"\nContent-Type: "+contentType+charset, latin(body))
			if status >= 300 || strings.Contains(answer, "fault") {
				t.Errorf("%s %s: %d %s", test.line, charset, status, answer)
				continue
			}
			if e, _ := b.last(); !strings.Contains(e.Fields.Get("comment")+e.Fields.Get("page")+e.Fields.Get("text"), "é of €") {
				t.Errorf("%s %s: %s", test.line, charset, e.Fields.Encode())
			}
		}
	}
	declared := `<?xml version="1.0" encoding="windows-1252"?>` + latin(strings.ReplaceAll(weblog, "Planet", "é € “q”"))
	declared = strings.NewReplacer("“", "\x93", "”", "\x94").Replace(declared)
	if status, answer := b.do("POST /doors/ping", bearer, declared); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	if e, _ := b.last(); e.Fields.Get("page") != "é € “q”" {
		t.Error(e.Fields.Encode())
	}
}
