package ircd

import (
	"strings"
	"testing"
)

// TestCaseB3: ids on IRC may say of which log they are, and one of another log, or
// beyond the end, is not taken for one of this.
func TestCaseB3(t *testing.T) {
	b := newBus(t, func(c *Config) { c.Epoch = "mylog" })
	moin := b.publisher("moin")
	for _, page := range []string{"A", "B", "C"} {
		moin.send("PRIVMSG #moin :page=" + page)
	}
	moin.fence()
	ann := b.user("ann", "standard-replies")
	ann.send("CHATHISTORY AFTER #moin msgid=mylog-2 10")
	if line := ann.line(); !strings.Contains(line, ":id=3&page=C") {
		t.Errorf("own: %s", line)
	}
	for _, msgid := range []string{"otherlog-2", "mylog-9", "9"} {
		for _, question := range []string{"AFTER", "BEFORE", "LATEST", "AROUND"} {
			ann.send("CHATHISTORY " + question + " #moin msgid=" + msgid + " 10")
			if line := ann.line(); !strings.Contains(line, "FAIL CHATHISTORY MESSAGE_ERROR "+question+" #moin :") {
				t.Errorf("%s %s: %s", question, msgid, line)
			}
		}
		ann.send("PRIVMSG moin :GETMESSAGES_SINCE_ENTRY " + msgid)
		if line := ann.line(); !strings.Contains(line, "of another log") {
			t.Errorf("since %s: %s", msgid, line)
		}
	}
	ann.send("PRIVMSG moin :GETMESSAGES_SINCE_ENTRY mylog-2")
	if line := ann.line(); !strings.Contains(line, ":id=3&page=C") {
		t.Errorf("since its own: %s", line)
	}
}
