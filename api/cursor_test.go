package api

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseB3: every place that takes a cursor knows one of another log, and one
// beyond the end, and tells of the gap.
func TestCaseB3(t *testing.T) {
	b := startBus(t, nil)
	for i := range 6 {
		b.publish(fmt.Sprintf("page=P%d", i+1))
	}
	epoch := b.store.Epoch()
	own := func(id int) string { return ircbus.Cursor{Epoch: epoch, ID: ircbus.ID(id)}.String() }
	const foreign = "otherlog-4"
	t.Run("stream", func(t *testing.T) {
		for _, s := range []*reader{b.stream("?after=" + own(4)), b.stream("", "Last-Event-ID", own(4)), b.stream("?after=4")} {
			s.want("change", "5", "P5")
			s.want("change", "6", "P6")
		}
		gone := []*reader{b.stream("?after=" + foreign), b.stream("", "Last-Event-ID", foreign), b.stream("?after=2", "Last-Event-ID", foreign)}
		for _, s := range gone {
			s.want("gap", "", `{"after":0,"removed":0,"oldest":1,"head":6,"epoch":"`+epoch)
		}
		beyond := []*reader{b.stream("?after=" + own(100)), b.stream("", "Last-Event-ID", "100")}
		for _, s := range beyond {
			s.want("gap", "", `{"after":100,`)
		}
		b.publish("page=P7")
		for _, s := range append(gone, beyond...) {
			s.want("change", "7", "P7")
		}
		lines := b.stream("?format=ndjson&after=" + foreign)
		if !lines.lines.Scan() || !strings.HasPrefix(lines.lines.Text(), `{"gap":{"after":0,`) {
			t.Errorf("lines: %q", lines.lines.Text())
		}
	})
	t.Run("changes", func(t *testing.T) {
		if c := b.changes("/changes?after=" + own(5)); c.Gap || len(c.Events) != 2 {
			t.Errorf("own: %+v", c)
		}
		for _, query := range []string{"after=" + foreign, "until=" + foreign, "after=otherlog-1&until=" + foreign} {
			if c := b.changes("/changes?" + query); !c.Gap || len(c.Events) != 7 {
				t.Errorf("%s: %+v", query, c)
			}
		}
		if c := b.changes("/changes?after=" + own(100)); !c.Gap || len(c.Events) != 0 {
			t.Errorf("beyond: %+v", c)
		}
		problem(t, b.get("/changes?after=otherlog-1&until="+own(3)), 400)
	})
	t.Run("next", func(t *testing.T) {
		for _, order := range []string{"asc", "desc"} {
			c := b.changes("/changes?limit=3&order=" + order)
			next, err := url.Parse(*c.Next)
			if err != nil {
				t.Fatal(err)
			}
			if c := b.changes("/changes?" + next.RawQuery); c.Gap || len(c.Events) != 3 {
				t.Errorf("%s: %+v", next.RawQuery, c)
			}
			if c := b.changes("/changes?" + strings.ReplaceAll(next.RawQuery, epoch, "otherlog")); !c.Gap {
				t.Errorf("%s of another log: %+v", next.RawQuery, c)
			}
		}
	})
	t.Run("event", func(t *testing.T) {
		if a := b.get("/events/" + own(3)); a.status != 200 {
			t.Errorf("own: %d %s", a.status, a.body)
		}
		problem(t, b.get("/events/"+foreign), 404)
		problem(t, b.redact("/events/"+foreign), 404)
		if a := b.get("/events/4"); a.status != 200 {
			t.Errorf("it was redacted: %d", a.status)
		}
	})
}
