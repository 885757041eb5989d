package mediawiki

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// TestParseAnswer: a recorded answer becomes what the same changes are in the
// wiki's own feeds, and the wiki tells where it is.
func TestParseAnswer(t *testing.T) {
	body, err := os.ReadFile("testdata/api.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseAnswer(body, Site{})
	if err != nil || len(a.Refused) > 0 || a.More != "" {
		t.Fatalf("%v, %+v", err, a)
	}
	const server = "&server_url=http://127.0.0.1:28411&server_script_path=/"
	want := []string{
		"wiki=testwiki&page=Main+Page&action=SAVENEW&user=MediaWiki+default&time=2026-11-26T03:09:29Z&rev=1&size=755&ns=0&rcid=1&key=testwiki:1&pageid=1" + server,
		"wiki=testwiki&page=עמוד&action=SAVENEW&user=Admin&time=2026-11-26T03:09:39Z&comment=חדש+%26+<b>ו</b>&rev=2&size=8&ns=0&rcid=2&key=testwiki:2&pageid=2" + server,
		"wiki=testwiki&page=עמוד&action=SAVE&user=Admin&time=2026-11-26T03:09:39Z&comment=typo&rev=3&oldrev=2&size=19&oldsize=8&ns=0&minor=1&rcid=3&key=testwiki:3&pageid=2" + server,
		"wiki=testwiki&page=Talk:Bots&action=SAVENEW&user=Feedbot&time=2026-11-26T03:09:39Z&comment=bot+edit&rev=4&size=4&ns=1&bot=1&rcid=4&key=testwiki:4&pageid=3" + server,
		"wiki=testwiki&page=Anonymous&action=SAVENEW&user=127.0.0.1&time=2026-11-26T03:09:40Z&comment=Created+page+with+\"hi+[[Category:C]]\"&rev=5&size=17&ns=0&rcid=5&key=testwiki:5&anon=1&pageid=4" + server,
		"wiki=testwiki&page=Anonymous&action=move/move&user=Admin&time=2026-11-26T03:09:40Z&comment=better&ns=0&rcid=6&log_action_comment=moved+[[Anonymous]]+to+[[Moved]]:+better&key=testwiki:6&log_id=6&log_params.noredir=0&log_params.target=Moved&log_params.target_ns=0&pageid=4" + server,
	}
	for i, c := range a.Changes[:len(want)] {
		fields, err := ircbus.Accept(c.Fields, 0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sorted(want[i]), sorted(fields.Encode())); diff != "" {
			t.Errorf("%s", diff)
		}
	}
	w := a.Site.Describe("w")
	if w.Publisher != "w" || w.Name != "Test Wiki" || w.Interwiki != "testwiki" || w.PageURL != "http://127.0.0.1:28411/index.php?title={page}" {
		t.Errorf("%+v", w)
	}
}

// sorted are the fields of an event in the order of the alphabet: the order in which
// a source tells them says nothing.
func sorted(event string) []string {
	fields := strings.Split(event, "&")
	for i := range fields {
		for j := i; j > 0 && fields[j] < fields[j-1]; j-- {
			fields[j], fields[j-1] = fields[j-1], fields[j]
		}
	}
	return fields
}

func TestParseAnswerFails(t *testing.T) {
	site := Site{Wiki: "w"}
	_, err := ParseAnswer([]byte(`{"error":{"code":"maxlag","info":"Waiting for 10.0.0.1: 6 seconds lagged.","lag":6},"servedby":"x"}`), site)
	if refusal, ok := errors.AsType[*APIError](err); !ok || refusal.Code != "maxlag" {
		t.Errorf("%v", err)
	}
	for _, body := range []string{"", "<html>", "[]", "{}", `{"query":{"recentchanges":{}}}`, `{"query":{"general":{"wikiid":"` + strings.Repeat("x", 200) + `"}}}`} {
		if a, err := ParseAnswer([]byte(body), site); err == nil {
			t.Errorf("%.60s: %+v", body, a)
		}
	}
	if _, err := ParseAnswer([]byte(`{"query":{"recentchanges":[]}}`), Site{}); err == nil {
		t.Error("it is not known which wiki it is")
	}
	a, err := ParseAnswer([]byte(`{"continue":{"rccontinue":"20261126030900|5","continue":"-||","n":20261126030900},"query":{"general":{"wikiid":"w","server":"//w.example.org","scriptpath":"/w"},`+
		`"recentchanges":[{"rcid":1},7,{"type":"edit","rcid":2,"timestamp":"x","userhidden":true}]}}`), Site{})
	if err != nil || len(a.Refused) != 2 || len(a.Changes) != 1 || a.More != "continue=-%7C%7C&n=20261126030900&rccontinue=20261126030900%7C5" || a.Site.ServerURL != "https://w.example.org" {
		t.Errorf("%v, %+v", err, a)
	}
}

// FuzzParseAnswer: whatever it is, what comes of it fits the bus.
func FuzzParseAnswer(f *testing.F) {
	body, err := os.ReadFile("testdata/api.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"continue":{"x":[1]},"query":{"recentchanges":[{"type":"log","logtype":"move","title":"A","logparams":{"target_title":"B","x":[{"y":[true]}]}}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := ParseAnswer(body, Site{Wiki: "w"})
		if err != nil {
			return
		}
		for _, c := range a.Changes {
			if _, err := ircbus.Accept(c.Fields, 0); err != nil {
				t.Errorf("%v: %v", err, c.Fields)
			}
		}
	})
}
