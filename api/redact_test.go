package api

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func (b *bus) redact(path string, headers ...string) answer {
	b.t.Helper()
	return b.do("DELETE", path, nil, append([]string{"Authorization", goodToken}, headers...)...)
}

func TestRedact(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A&comment=private&text=a", "page=B&comment=x", "page=C")
	tag := b.get("/changes?until=3").header.Get("ETag")
	var told redacted
	a := b.redact("/events/1?field=comment&field=text&reason=names+somebody")
	decode(t, a, &told)
	if a.status != 200 || told.Tombstone.ID != 4 || told.Epoch != b.changes("/changes").Epoch {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	want := "action=REDACT&user=moinmaster&target=1&fields=comment,text&reason=names+somebody"
	if diff := cmp.Diff(want, told.Tombstone.Fields.Without("time").Encode()); diff != "" {
		t.Error(diff)
	}
	if a := b.get("/changes?until=3", "If-None-Match", tag); a.status != 200 || strings.Contains(string(a.body), "private") {
		t.Errorf("after the redaction: %d %s", a.status, a.body)
	}
	if a := b.redact("/events/2"); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	c := b.changes("/changes?after=0")
	if diff := cmp.Diff([]ircbus.ID{1, 3, 4, 5}, ids(c.Events)); diff != "" || c.Gap || c.Events[0].Fields.Has("comment") {
		t.Errorf("gap %v, events %v", c.Gap, c.Events)
	}
	if c := b.changes("/changes?channel=moinmaster?page=A"); len(c.Events) != 3 {
		t.Errorf("a view with a filter has %v, not its event and the tombstones", c.Events)
	}
	for _, a := range []answer{b.get("/events/2"), b.redact("/events/2")} {
		if p := problem(t, a, 410); p.Tombstone != 5 || !strings.Contains(p.Detail, "event 5") {
			t.Errorf("got %+v", p)
		}
	}
	if page := string(b.get("/").body); strings.Contains(page, "REDACT") || !strings.Contains(page, `data-id="1"`) {
		t.Errorf("the page shows a tombstone, or no ids: %s", page)
	}
	if feed := string(b.get("/changes?format=atom").body); !strings.Contains(feed, "redacted event 1 (comment, text): names somebody") {
		t.Errorf("the feed has no sentence: %s", feed)
	}
}

func TestRedactRefuses(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A", "page=B")
	b.publishIn("enwiki", "#enwiki", "page=C")
	for _, test := range []struct {
		path   string
		status int
		code   ircbus.Code
	}{
		{"/events/3", 403, ircbus.NotPublisher},
		{"/events/9", 404, ""},
		{"/events/0", 404, ""},
		{"/events/x", 404, ""},
		{"/events/1?field=comment", 400, ircbus.InvalidEvent},
		{"/events/1?field=", 400, ircbus.InvalidEvent},
		{"/events/1?fields=page", 400, ""},
		{"/events/1?reason=a&reason=b", 400, ""},
		{"/events/1?reason=" + strings.Repeat("x", ircbus.MaxReason+1), 413, ircbus.EventTooLarge},
	} {
		if p := problem(t, b.redact(test.path), test.status); p.Code != test.code {
			t.Errorf("%.40s: %+v", test.path, p)
		}
	}
	problem(t, b.do("DELETE", "/events/1", nil), 401)
	problem(t, b.redact("/events/1", "Origin", "https://evil.example"), 403)
	if n := len(b.changes("/changes").Events); n != 3 {
		t.Errorf("%d events are left", n)
	}
	operator := "Basic " + base64.StdEncoding.EncodeToString([]byte("root:secret of root"))
	if a := b.do("DELETE", "/events/3", nil, "Authorization", operator); a.status != 200 || !strings.Contains(string(a.body), `"user":"root"`) {
		t.Errorf("an operator got %d %s", a.status, a.body)
	}
	b.retain("#moinmaster", 1)
	problem(t, b.redact("/events/1"), 410)
}

// TestRedactLive checks that a stream passes a tombstone like any event, and
// what its target was not any more to those who come later.
func TestRedactLive(t *testing.T) {
	b := startBus(t, nil)
	early := b.stream("?after=0&channel=moinmaster?page=A")
	b.publish("page=A&comment=private")
	early.want("change", "1", "private")
	if a := b.redact("/events/1"); a.status != 200 {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	for _, s := range []*reader{early, b.stream("?after=0")} {
		if m := s.want("change", "2", `"action":"REDACT"`); !strings.Contains(m.data, `"target":"1"`) {
			t.Errorf("got %s", m.data)
		}
	}
}
