package bus

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMoinDoor: a line that a wiki writes is published, once, by its publisher,
// over a restart of the bus.
func TestMoinDoor(t *testing.T) {
	c := quiet(t)
	data := t.TempDir()
	c.Moin = Moin{Wikis: map[string]string{"moinmaster": data}}
	c.Publishers = map[string]Publisher{"moinmaster": {TextStyle: "plain"}}
	write := func(line string) { appendEdit(t, data, line) }
	write("1795199808313016\t00000001\tSAVENEW\tOld\t\t\t\t\t\n")
	b := startBus(t, c)
	stopBus(t, b)
	write("1795199809829009\t00000001\tSAVENEW\t(d7a2d79ed795d793)\t127.0.0.1\tanna.example\t\t\tחדש\n")
	for range 2 { // the second time it is there already
		b = startBus(t, c)
		waitFor(t, "the event", func() bool {
			bounds, err := b.store.Bounds(t.Context())
			return err == nil && bounds.Head > 0
		})
		if line := firstLine(t, b); line != "עמוד — SAVENEW by anna.example: חדש" {
			t.Errorf("the readable line is %q", line)
		}
		if wiki := b.directory.wikis()[0]; wiki.Publisher != "moinmaster" || wiki.Engine != "moin-1.9" {
			t.Errorf("%+v", wiki)
		}
		if r := b.doors[0].in.Report(); r.Stored+r.Duplicates > 1 {
			t.Errorf("%+v", r)
		}
		stopBus(t, b)
	}
}

// appendEdit adds lines to the log of a wiki with this data directory.
func appendEdit(t *testing.T, data, lines string) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(data, "edit-log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString(lines); err != nil {
		t.Fatal(err)
	}
}

// TestMoinBot: a wiki that tells its Jabber bot publishes, and hears what the bot
// would answer.
func TestMoinBot(t *testing.T) {
	c := quiet(t)
	c.Moin.SecretsFile = filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(c.Moin.SecretsFile, []byte("moin jabberbot-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := startBus(t, c)
	const head, tail = "<?xml version='1.0'?><methodCall><methodName>", "</params></methodCall>"
	secret := func(s string) string {
		return "</methodName><params><param><value><string>" + s + "</string></value></param>"
	}
	const change = "<param><value><array><data/></array></value></param><param><value><struct>" +
		"<member><name>action</name><value><string>page_changed</string></value></member><member><name>revision</name><value><string>2</string></value></member>" +
		"<member><name>page_name</name><value><string>A</string></value></member><member><name>editor</name><value><string>Ann</string></value></member></struct></value></param>"
	for _, test := range []struct{ path, body, want string }{
		{"moin", head + "send_notification" + secret("jabberbot-secret") + change + tail, "<boolean>1</boolean>"},
		{"moin", head + "send_notification" + secret("jabberbot-secret") + change + tail, "<boolean>1</boolean>"}, // for another language
		{"moin", head + "addJIDToRoster" + secret("jabberbot-secret") + "<param><value>a@b</value></param>" + tail, "<boolean>1</boolean>"},
		{"moin", head + "send_notification" + secret("wrong") + change + tail, "the secret is not"},
		{"other", head + "send_notification" + secret("") + change + tail, "the secret is not"},
		{"moin", head + "send_notification</methodName></methodCall>", "the secret is not"},
		{"moin", head + "send_notification" + secret("jabberbot-secret") + tail, "parameters"},
		{"moin", head + "other" + secret("jabberbot-secret") + tail, "there is no method"},
		{"moin", "x", "<int>1</int>"},
	} {
		response, err := http.Post(b.URL()+"/doors/moin/"+test.path, "text/xml", strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		fault := strings.Contains(string(text), "<fault>")
		if err != nil || response.StatusCode != 200 || !strings.Contains(string(text), test.want) || fault == strings.Contains(test.want, "boolean") {
			t.Errorf("%s: %v, %s %s", test.body, err, response.Status, text)
		}
	}
	if line := firstLine(t, b); line != "A — SAVE by Ann" {
		t.Errorf("the readable line is %q", line)
	}
	if r := b.doors[0].in.Report(); r.Stored != 1 || r.Duplicates != 1 {
		t.Errorf("%+v", r)
	}
}
