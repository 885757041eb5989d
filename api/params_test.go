package api

import (
	"strings"
	"testing"
)

func TestMalformedParameters(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	for query, parameter := range map[string]string{
		"/changes?from=yesterday":                                "from",
		"/changes?from=":                                         "from",
		"/changes?to=2026-13-01T00:00:00Z":                       "to",
		"/changes?from=-2h&from=-3h":                             "from",
		"/changes?from=now&to=-1h":                               "from",
		"/changes?from=99999999999999999999":                     "from",
		"/changes?from=-99999999999999d":                         "from",
		"/changes?after=-1":                                      "after",
		"/changes?after=1e3":                                     "after",
		"/changes?after=18446744073709551616":                    "after",
		"/changes?until=x":                                       "until",
		"/changes?after=5&until=4":                               "after",
		"/changes?limit=0":                                       "limit",
		"/changes?limit=10001":                                   "limit",
		"/changes?limit=1001&format=rss":                         "limit",
		"/changes?limit=ten":                                     "limit",
		"/changes?order=up":                                      "order",
		"/changes?wait=61":                                       "wait",
		"/changes?wait=-1":                                       "wait",
		"/changes?format=yaml":                                   "format",
		"/changes?channel=":                                      "channel",
		"/changes?channel=a,b":                                   "channel",
		"/changes?channel=%00":                                   "channel",
		"/changes?channel=moinmaster?":                           "channel",
		"/changes?channel=moinmaster?page=%25":                   "channel",
		"/changes?channel=" + strings.Repeat("x", 200):           "channel",
		"/changes?" + strings.Repeat("channel=moinmaster&", 101): "channel",
		"/changes?form=-1h":                                      "form",
		"/changes?from=%zz":                                      "from",
		"/changes?a;b":                                           "a;b",
		"/?from=-1h":                                             "action",
		"/?action=delete":                                        "action",
		"/?action=changes&action=changes":                        "action",
		"/?action=changes&form=1":                                "form",
		"/stream?after=x":                                        "after",
		"/stream?format=xml":                                     "format",
		"/stream?to=now":                                         "to",
		"/stream?from=never":                                     "from",
		"/wikis?format=csv":                                      "format",
		"/wikis/moinmaster?format=":                              "format",
		"/healthz?x=1":                                           "",
		"/events/1?format=xml":                                   "format",
		"/changes?" + strings.Repeat("y", 5000):                  strings.Repeat("y", 80) + "…",
		"/changes?limit=99999999999999999999999999999999999999999": "limit",
	} {
		a := b.get(query)
		if query == "/healthz?x=1" { // for monitors, which add what they like
			if a.status != 200 {
				t.Errorf("%s: %d", query, a.status)
			}
			continue
		}
		if p := problem(t, a, 400); p.Parameter != parameter || !strings.Contains(p.Detail, parameter) {
			t.Errorf("%.60s: got %q: %s", query, p.Parameter, p.Detail)
		}
	}
	if p := problem(t, b.get("/stream", "Last-Event-ID", "abc"), 400); p.Parameter != "Last-Event-ID" {
		t.Errorf("Last-Event-ID: %+v", p)
	}
}
