package ircd

import (
	"strings"
	"testing"
	"time"
)

// TestCaseB5: what people say stays in its order after the clock was set back, for
// those who hear it and those who ask later.
func TestCaseB5(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Millisecond)
	b := newBus(t, keeps(t), func(c *Config) { c.LastKept = tomorrow })
	ann, bob := b.user("ann", "server-time"), b.user("bob")
	for _, u := range []*user{ann, bob} {
		u.send("JOIN #talk")
		u.fence()
	}
	ann.fence()
	bob.send("PRIVMSG #talk :hi")
	if line := ann.line(); !strings.HasPrefix(line, "@time="+tomorrow.Format(timeTag)) {
		t.Errorf("got %s", line)
	}
}
