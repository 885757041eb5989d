package api

import (
	"net/url"
	"strings"
	"testing"
)

// TestCaseD5: typing errors in channels and filters do not succeed in silence over HTTP.
func TestCaseD5(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A&action=SAVE&user=ann", "page=B&tag=x")
	for name, c := range map[string]struct {
		channel, want, not string
	}{
		"unknown key":     {"#moinmaster?pagee=A", `no event of #moinmaster has the field "pagee": did you mean page?`, ""},
		"negated":         {"#moinmaster?pagee=!A", `did you mean page?`, ""},
		"readable":        {"#moinmaster.text?colour=A", `the field "colour"`, "did you mean"},
		"one of two":      {"#moinmaster?page=A&usr=B", `"usr": did you mean user?`, `"page"`},
		"known":           {"#moinmaster?page=A&tag=x", "", "field"},
		"without events":  {"#antispam?pagee=A", "", "field"},
		"plus":            {"#moinmaster?page=C++", "write %2B for a +", "field"},
		"written %2B":     {"#moinmaster?page=C%2B%2B", "", "%2B"},
		"plus in between": {"#moinmaster?page=Anna+B*", "", "%2B"},
		"no filter":       {"#moinmaster", "", "field"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/changes?from=-1h", "/?action=changes&from=-1h", "/stream?format=ndjson"} {
				a := b.do("HEAD", path+"&channel="+url.QueryEscape(c.channel), nil)
				got := strings.Join(a.header.Values("Ircbus-Warning"), "\n")
				if a.status != 200 || !strings.Contains(got, c.want) || c.not != "" && strings.Contains(got, c.not) {
					t.Errorf("%s: %d, %q", path, a.status, got)
				}
			}
		})
	}
	for channel, want := range map[string]string{
		"#moinmastr":       "did you mean #moinmaster?",
		"antispan":         "did you mean #antispam?",
		"#en.wikipedai":    "did you mean #en.wikipedia?",
		"#enwikii?page=A":  "did you mean #enwiki?",
		"#nothinglikethat": "there is no channel",
	} {
		for _, path := range []string{"/changes?", "/stream?"} {
			a := b.get(path + "channel=" + url.QueryEscape(channel))
			if body := string(a.body); a.status != 404 || !strings.Contains(body, want) || strings.Contains(body, "did you mean") != strings.Contains(want, "did you mean") {
				t.Errorf("%s %s: %d, %s", path, channel, a.status, body)
			}
		}
	}
}
