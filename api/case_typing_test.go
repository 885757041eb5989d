package api

import (
	"context"
	"net/netip"
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

// TestCaseD5Advice: what is told of typing errors is advice. It holds up no answer, is
// looked for in few keys of a request, and ends when an event has the key.
func TestCaseD5Advice(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	warnings := func(path, filter string) []string {
		t.Helper()
		a := b.do("HEAD", path+"channel="+url.QueryEscape("#moinmaster?"+filter), nil)
		if a.status != 200 {
			t.Errorf("%s: %d", filter, a.status)
		}
		return a.header.Values("Ircbus-Warning")
	}
	if got := warnings("/changes?", "a=1&b=1&c=1&d=1&e=1"); len(got) != maxUnknown {
		t.Errorf("got %q", got)
	}
	for range 2 {
		if got := warnings("/changes?", "pagee=A"); len(got) != 1 {
			t.Errorf("got %q", got)
		}
	}
	b.publish("page=B&pagee=x")
	if got := warnings("/changes?", "pagee=A"); len(got) != 0 {
		t.Errorf("an event has the key: %q", got)
	}
	var turns []func()
	for range 100 { // more than there are
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if done, err := b.api.searches.Take(now, netip.MustParseAddr("127.0.0.1")); err == nil {
			turns = append(turns, done)
		}
	}
	if got := warnings("/stream?format=ndjson&", "other="); len(got) != 0 || len(turns) == 0 {
		t.Errorf("%d turns are taken, and there is %q", len(turns), got)
	}
	for _, done := range turns {
		done()
	}
}
