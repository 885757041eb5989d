package ircd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// TestCaseD12: a client that pages by time misses nothing, however many messages
// have one time.
func TestCaseD12(t *testing.T) {
	b := newBus(t, keeps(t))
	// 5 of one microsecond, 3 of one millisecond, 7 alone, 30 of one microsecond.
	at, n := day, 0
	for _, group := range []struct {
		size int
		step time.Duration
	}{{5, 0}, {3, time.Microsecond}, {7, time.Millisecond}, {30, 0}, {2, time.Millisecond}} {
		at = at.Add(time.Second)
		for i := range group.size {
			n++
			e := event(n, "#moin", "page", fmt.Sprintf("P%d", n))
			e.Publisher, e.At = "moin", at.Add(time.Duration(i)*group.step)
			b.events = append(b.events, e)
			b.cfg.Chat.Keep(ircbus.Message{Target: "#talk", At: e.At, MsgID: fmt.Sprintf("m%d", n), Source: "x!x@x",
				Command: "PRIVMSG", Params: []string{"#talk", fmt.Sprintf("P%d", n)}})
		}
	}
	b.Deliver(b.events)
	ann := b.user("ann", "batch", "message-tags", "server-time", "draft/chathistory", "standard-replies")
	ann.send("JOIN #talk")
	ann.fence()
	for _, target := range []string{"#moin", "#moin.text", "#moin?page=P*", "#talk"} {
		for _, limit := range []int{4, 10, 100} {
			for _, forward := range []bool{true, false} {
				seen := readThrough(t, ann, target, limit, forward)
				if len(seen) != n {
					t.Errorf("%s, %d at a time, forward %v: %d of %d were shown", target, limit, forward, len(seen), n)
				}
			}
		}
		ann.send("CHATHISTORY AROUND " + target + " timestamp=" + day.Add(2*time.Second).Format(timeTag) + " 6")
		for _, line := range ann.fence() {
			if strings.Contains(line, "P5 ") || strings.HasSuffix(line, "P5") {
				t.Errorf("AROUND in %s ends within a millisecond: %s", target, line)
			}
		}
	}
}

// readThrough pages through everything by time, as clients do, and by msgid from
// where the server says so. It returns the ids that were shown.
func readThrough(t *testing.T, u *user, target string, limit int, forward bool) map[string]bool {
	t.Helper()
	command, next := "AFTER", "timestamp=2026-01-01T00:00:00.000Z"
	if !forward {
		command, next = "BEFORE", "timestamp=2027-01-01T00:00:00.000Z"
	}
	seen := make(map[string]bool)
	byID := false
	for range 100 {
		u.send(fmt.Sprintf("CHATHISTORY %s %s %s %d", command, target, next, limit))
		var times, ids []string
		for _, line := range u.fence() {
			tags, rest, _ := strings.Cut(line, " ")
			if _, msgid, ok := strings.Cut(rest, " NOTE CHATHISTORY SAME_TIME "+command+" "+target+" "); ok {
				if msgid, _, _ = strings.Cut(msgid, " "); msgid != "msgid="+ids[0] && msgid != "msgid="+ids[len(ids)-1] {
					t.Errorf("go on at %s, the page has %q", msgid, ids)
				}
				byID = true
			}
			if !strings.Contains(rest, " PRIVMSG ") {
				continue
			}
			for tag := range strings.SplitSeq(strings.TrimPrefix(tags, "@"), ";") {
				if id, ok := strings.CutPrefix(tag, "msgid="); ok {
					seen[id], ids = true, append(ids, id)
				}
				if at, ok := strings.CutPrefix(tag, "time="); ok {
					times = append(times, at)
				}
			}
		}
		switch {
		case len(times) == 0:
			return seen
		case len(times) > limit:
			t.Fatalf("%d messages, more than %d", len(times), limit)
		case byID && forward:
			next = "msgid=" + ids[len(ids)-1]
		case byID:
			next = "msgid=" + ids[0]
		case forward:
			next = "timestamp=" + times[len(times)-1]
		default:
			next = "timestamp=" + times[0]
		}
	}
	t.Fatal("there is no end")
	return nil
}
