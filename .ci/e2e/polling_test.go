package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/ircbus/ircbus"
)

// polling is a bus that asks a wiki for its changes.
type polling struct {
	*bus
	w    *mediawiki
	from int64 // the first change after it began to ask
}

// startPolling runs it, and returns when it knows where to begin.
func startPolling(t *testing.T, w *mediawiki) polling {
	t.Helper()
	p := polling{startBus(t, fmt.Sprintf("[poll.polled]\nurl = %q\nformat = \"mediawiki\"\nevery = \"1s\"\n", w.url+"/api.php")), w, 0}
	waitFor(t, "the wiki to answer the bus", func() bool {
		place, err := os.ReadFile(filepath.Join(p.data, "poll-polled.json"))
		return err == nil && bytes.Contains(place, []byte(`"known":true`))
	})
	for _, c := range w.changes() {
		p.from = max(p.from, c.RCID+1)
	}
	return p
}

// agrees checks that what the wiki lists now has come to the bus that asks, and is the
// same as what the wiki has told another bus by itself.
func (p polling) agrees(t *testing.T, told *bus) {
	t.Helper()
	byKey := func(events []ircbus.Event) map[string]ircbus.Fields {
		found := map[string]ircbus.Fields{}
		for _, e := range events {
			found[e.Fields.Get("key")] = e.Fields
		}
		return found
	}
	want := byKey(told.events("%23" + wikiName))
	for _, c := range p.w.changes() {
		key := fmt.Sprintf("%s:%d", wikiName, c.RCID)
		if c.RCID < p.from {
			continue
		}
		waitFor(t, "the bus that asks to have "+key, func() bool { return byKey(p.events("%23polled"))[key] != nil })
		got := byKey(p.events("%23polled"))[key]
		for _, name := range []string{
			"wiki", "page", "action", "user", "time", "comment", "rev", "oldrev", "size", "oldsize", "ns", "minor", "bot", "rcid", "server_url", "server_script_path",
		} {
			if got.Get(name) != want[key].Get(name) {
				t.Errorf("the %s of %s is %q as the wiki answers, %q as it tells by itself", name, key, got.Get(name), want[key].Get(name))
			}
		}
	}
}
