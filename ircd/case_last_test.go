package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCaseD8: the answer to LAST can be read, comes at once where the client knows
// batches, and can be stopped where not.
func TestCaseD8(t *testing.T) {
	b := archive(t, 60, func(c *Config) { c.Limits.Pace = time.Hour })
	knowing, old := b.user("knowing", "batch"), b.user("old")
	knowing.send("PRIVMSG moin :LAST 50")
	got := knowing.fence()
	if len(got) != 53 || !strings.Contains(got[0], " BATCH +") || !strings.Contains(got[0], " ircbus.github.io/entries moin") ||
		!strings.HasSuffix(got[1], " NOTICE knowing :11 [2026-11-20 10:00:11] [[P11]] by : ") && !strings.Contains(got[1], ":11 [2026-11-20 10:00:11] [[P11]]") ||
		!strings.HasSuffix(got[51], ":50 entries, the last is 60") {
		t.Errorf("%d lines: %q", len(got), got)
	}
	for text, want := range map[string]string{
		"LAST 1 RAW": ":id=60&page=P60&", "LAST raw": ":id=51&page=P51&", "GETMESSAGES_SINCE_ENTRY 59": ":id=60&page=P60&",
		"GETMESSAGES_SINCE 2026-11-21": ":0 entries", "LAST 1": ":60 [2026-11-20 10:01:00] [[P60]]",
		"STOP": ":There is nothing to stop",
	} {
		knowing.send("PRIVMSG moin :" + text)
		if got := strings.Join(knowing.fence(), "\n"); !strings.Contains(got, want) {
			t.Errorf("%s is answered %q", text, got)
		}
	}
	knowing.send("PRIVMSG moin :GETMESSAGES_SINCE 2026-11-20")
	if got := strings.Join(knowing.fence(), "\n"); !strings.Contains(got, "more than 50 entries") {
		t.Errorf("of a date %q", got)
	}
	old.send("PRIVMSG moin :LAST 50")
	if got := old.fence(); len(got) != paceBurst || !strings.Contains(got[0], ":11 [") {
		t.Errorf("at once came %q", got)
	}
	old.send("PRIVMSG moin :stop")
	if got := old.fence(); len(got) != 1 || !strings.HasSuffix(got[0], fmt.Sprintf(":Stopped: %d lines were not sent", 51-paceBurst)) {
		t.Errorf("STOP is answered %q", got)
	}
	old.send("PRIVMSG moin :LAST 1")
	if got := old.fence(); len(got) != 2 || !strings.HasSuffix(got[1], ":1 entries, the last is 60") {
		t.Errorf("afterwards came %q", got)
	}
}
