package moin

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// recordedCall is the body of the call that a wiki sent.
func recordedCall(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/xmlrpc-notification.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var request struct{ Body string }
	if err := json.Unmarshal(text, &request); err != nil {
		t.Fatal(err)
	}
	return request.Body
}

// call makes one like the recorded one, with these members.
func call(members ...string) string {
	var b strings.Builder
	b.WriteString("<methodCall><methodName>send_notification</methodName><params><param><value><string>s</string></value></param>" +
		"<param><value><array><data></data></array></value></param><param><value><struct>")
	for _, member := range members {
		name, value, _ := strings.Cut(member, "=")
		if !strings.HasPrefix(value, "<") {
			value = "<string>" + value + "</string>"
		}
		b.WriteString("<member><name>" + name + "</name><value>" + value + "</value></member>")
	}
	return b.String() + "</struct></value></param></params></methodCall>"
}

const links = "url_list=<array><data><value><struct><member><name>url</name><value>http://w/A?action=diff</value></member></struct></value>" +
	"<value><struct><member><name>url</name><value>http://w/A</value></member></struct></value>" +
	"<value><struct><member><name>url</name><value>http://w/B</value></member></struct></value></data></array>"

// TestNotifications: the recorded one, and the others that Moin sends.
func TestNotifications(t *testing.T) {
	for body, want := range map[string]string{
		recordedCall(t): "wiki=w&action=user_created&text=[Capture+Moin]+New+user+account+created&subject=[Capture+Moin]+New+user+account+created",
		call("action=page_changed", "page_name=A", "revision=4", "editor=Ann", "comment=c", "text=Dear", "diff=+x", links): "wiki=w&page=A&action=SAVE&user=Ann&comment=c&rev=4&oldrev=3" +
			"&key=notification+page_changed+A+4&diff=http://w/A?action=diff&url=http://w/A&url_=http://w/B&text_=Dear&diff_=%2Bx",
		call("action=page_changed", "page_name=A", "revision=1"):                                                 "wiki=w&page=A&action=SAVENEW&rev=1&key=notification+page_changed+A+1",
		call("action=page_renamed", "page_name=B", "revision=<int>2</int>", "old_name=A"):                        "wiki=w&page=B&action=SAVE/RENAME&rev=2&oldrev=1&key=notification+page_renamed+B+2&old_name=A",
		call("action=page_deleted", "page_name=B", "revision=3"):                                                 "wiki=w&page=B&action=SAVE/DELETE&rev=3&oldrev=2&key=notification+page_deleted+B+3",
		call("action=file_attached", "page_name=A", "attach_name=f.png", "attach_size=<int>7</int>", "editor=U"): "wiki=w&page=A&action=ATTNEW&user=U&attach_name=f.png&attach_size=7",
	} {
		_, params, err := xmlrpc.ParseCall([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		fields, err := notification("w", params, 0)
		if got := fields.Encode(); err != nil || got != want {
			t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
		}
	}
	for _, body := range []string{
		call(), call("action="), strings.ReplaceAll(call("action=x"), "array", "struct"), "<methodCall><methodName>x</methodName></methodCall>",
	} {
		_, params, err := xmlrpc.ParseCall([]byte(strings.ReplaceAll(body, "<data></data>", "")))
		if err != nil {
			t.Fatal(err)
		}
		if fields, err := notification("w", params, 0); err == nil {
			t.Errorf("%s: %v", body, fields)
		}
	}
}

// FuzzNotification: whatever is taken for a notification is an event that the bus
// takes.
func FuzzNotification(f *testing.F) {
	f.Add([]byte(recordedCall(f)))
	f.Add([]byte(call("action=page_changed", "page_name=A", "revision=4", links)))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, params, err := xmlrpc.ParseCall(body)
		if err != nil {
			return
		}
		fields, err := notification("w", params, 0)
		if err != nil {
			return
		}
		if _, err := ircbus.Accept(fields, 0); err != nil {
			t.Errorf("%v: %s", err, fields.Encode())
		}
	})
}

// TestCaseC1: a notification repeats another only if it says the same within moments.
func TestCaseC1(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	last := ircbus.Event{At: at, Fields: ircbus.Fields{{Key: "user", Value: "Ann"}, {Key: "comment", Value: "c"}}}
	for _, test := range []struct {
		fields ircbus.Fields
		after  time.Duration
		want   bool
	}{
		{last.Fields, time.Second, true}, {last.Fields, repeats, false}, {last.Fields[:1], time.Second, false},
		{ircbus.Fields{{Key: "user", Value: "Bob"}, {Key: "comment", Value: "c"}}, time.Second, false},
	} {
		if got := isRepeat(last, test.fields, at.Add(test.after)); got != test.want {
			t.Errorf("%v after %v: %v", test.fields, test.after, got)
		}
	}
}
