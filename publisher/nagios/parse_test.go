package nagios

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// recorded are the environments of two calls.
func recorded(t testing.TB) (all [][]string) {
	t.Helper()
	lines, err := os.ReadFile("testdata/notifications.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(lines) {
		var call struct{ Env map[string]string }
		if err := json.Unmarshal(line, &call); err != nil {
			t.Fatal(err)
		}
		var environment []string
		for name, value := range call.Env {
			environment = append(environment, name+"="+value)
		}
		all = append(all, environment)
	}
	return all
}

func fields(t testing.TB, environment []string, arguments ...string) ircbus.Fields {
	t.Helper()
	m, err := Read(environment, arguments)
	if err != nil {
		t.Fatal(err)
	}
	f, err := m.Fields(0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRecorded(t *testing.T) {
	calls := recorded(t)
	want := "page=wiki1/HTTP&action=PROBLEM&time=2026-11-20T18:40:51.000000Z&comment=CRITICAL - HTTP 503 הוויקי למטה: \"quoted\"&host=wiki1&service=HTTP&state=CRITICAL" +
		"&text=[CRITICAL] wiki1/HTTP: CRITICAL - HTTP 503 הוויקי למטה: \"quoted\"&HOSTADDRESS=127.0.0.1&SERVICEATTEMPT=1&SERVICEDURATION=0d 0h 0m 0s&HOSTSTATE=UP"
	var got []string
	problem := fields(t, calls[0])
	for _, field := range problem {
		if field.Key != "key" {
			got = append(got, field.Key+"="+field.Value)
		}
	}
	if got := strings.Join(got, "&"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if recovery := fields(t, calls[1]); recovery.Get("text") != "[OK] wiki1/HTTP: OK - HTTP 200" || recovery.Get("key") == problem.Get("key") {
		t.Errorf("%v", recovery)
	}
	if again := fields(t, calls[0], "CONTACTNAME=other"); again.Get("key") != problem.Get("key") {
		t.Errorf("another contact's notification has another key: %v", again)
	}
}

func TestArguments(t *testing.T) {
	f := fields(t, []string{"ICINGA_HOSTNAME=wiki2", "PATH=/bin"}, "$NOTIFICATIONTYPE$=ACKNOWLEDGEMENT", "HOSTSTATE=DOWN", "HOSTOUTPUT=no answer",
		"NOTIFICATIONAUTHOR=anna", "NOTIFICATIONCOMMENT=on it")
	if got, want := f.Get("text"), "[ACKNOWLEDGEMENT DOWN] wiki2: no answer (on it)"; got != want || f.Get("user") != "anna" || f.Get("page") != "wiki2" || f.Has("PATH") {
		t.Errorf("got %q, want %q in %v", got, want, f)
	}
	if m, err := Read(nil, []string{"wiki1"}); err == nil {
		t.Errorf("%v", m)
	}
	if f, err := (Macros{"HOSTNAME": "a"}).Fields(0); err == nil {
		t.Errorf("%v", f)
	}
}

// TestCaseC2: without TIMET the same words are said again and meant; with it they are
// one notification to several contacts.
func TestCaseC2(t *testing.T) {
	problem := []string{"HOSTNAME=a", "NOTIFICATIONTYPE=PROBLEM", "SERVICEDESC=s", "SERVICESTATE=CRITICAL", "SERVICEOUTPUT=503"}
	key := func(more ...string) string { return fields(t, nil, append(problem, more...)...).Get("key") }
	for _, more := range [][]string{nil, {"TIMET="}, {"TIMET=0"}, {"SERVICENOTIFICATIONID=7"}, {"SERVICEOUTPUT=504"}} {
		if first, second := key(more...), key(more...); first == "" || first == second {
			t.Errorf("%q: the keys %q and %q", more, first, second)
		}
	}
	if first, second := key("TIMET=1", "CONTACTNAME=a"), key("TIMET=1", "CONTACTNAME=b"); first != second {
		t.Errorf("two contacts: %q and %q", first, second)
	}
	for _, more := range []string{"TIMET=2", "SERVICEOUTPUT=504", "NOTIFICATIONCOMMENT=on it"} {
		if key("TIMET=1") == key("TIMET=1", more) {
			t.Errorf("with %s the key is the same", more)
		}
	}
}

func FuzzFields(f *testing.F) {
	for _, environment := range recorded(f) {
		f.Add(strings.Join(environment, "\n"))
	}
	f.Fuzz(func(t *testing.T, environment string) {
		m, err := Read(nil, strings.Split(environment, "\n"))
		if err != nil {
			return
		}
		fields, err := m.Fields(0)
		if err != nil {
			return
		}
		if _, err := ircbus.Accept(fields, 0); err != nil && fields.Get("action") != ircbus.Redacted {
			t.Errorf("%v: %v", fields, err)
		}
	})
}
