package ping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

func TestParse(t *testing.T) {
	for name, want := range map[string]string{
		"ping":     "page=Planet+Example&action=ping&url=https://planet.example/&text=Planet+Example+has+something+new:+https://planet.example/",
		"extended": "page=פלנט&action=ping&url=https://planet.example/&text=פלנט+has+something+new:+https://planet.example/&changesurl=https://planet.example/new&rssurl=https://planet.example/feed",
		"wiki":     "wiki=ExampleWiki&page=HomePage&action=SAVE&user=Anna&comment=typo&url=https://wiki.example/HomePage&history=https://wiki.example/HomePage/history&wiki_=Example+wiki&language=en",
	} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".xml"))
		if err != nil {
			t.Fatal(err)
		}
		if fields, err := Parse(body, 0); err != nil || fields.Encode() != want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, fields.Encode(), want)
		}
	}
}

func TestRefuses(t *testing.T) {
	call := func(method, params string) string {
		return "<methodCall><methodName>" + method + "</methodName><params>" + strings.ReplaceAll(strings.ReplaceAll(params, "[", "<param><value>"), "]", "</value></param>") + "</params></methodCall>"
	}
	for _, body := range []string{
		"", call("weblogUpdates.ping", "[a]"), call("weblogUpdates.ping", "[a][javascript:x]"), call("weblogUpdates.ping", "[][https://x]"),
		call("weblogUpdates.ping", "[a][https://x][b][c][d]"), call("weblogUpdates.ping", "[a][<i4>7</i4>]"), call("system.listMethods", ""), call("x", "[<struct/>]"),
		call("x", "[<struct><member><name>tag</name><value>a</value></member><member><name>url</name><value>b</value></member><member><name>wiki</name><value>c</value></member></struct>]"),
	} {
		if fields, err := Parse([]byte(body), 0); err == nil {
			t.Errorf("%s: %v", body, fields)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := Parse(body, 0)
		if err != nil {
			if _, ok := err.(*ircbus.Refusal); !ok {
				t.Errorf("%T", err)
			}
			return
		}
		if _, err := ircbus.Accept(fields, 0); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	})
}
