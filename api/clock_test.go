package api

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus/history/sqlite"
)

// TestCaseB5: now is the end of the log, also while its times are ahead of the clock.
func TestCaseB5(t *testing.T) {
	ahead := sqlite.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().Add(24 * time.Hour) }}
	store, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "events.db"), ahead)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := startOver(t, store, nil)
	for range 3 {
		b.publish("page=A")
	}
	for query, want := range map[string]int{"to=now": 3, "from=now": 0, "from=-1h": 3, "from=-1h&to=now": 3, "from=-1h&to=now&order=desc": 3} {
		if c := b.changes("/changes?" + query); len(c.Events) != want || c.Gap {
			t.Errorf("%s: %d events, gap %v", query, len(c.Events), c.Gap)
		}
	}
	s := b.stream("?from=now")
	b.publish("page=B")
	s.want("change", "4", "B")
}
