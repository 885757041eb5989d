package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newMoin19 is a wiki 1.9 whose log the bus reads as "tailed" and whose plugin
// publishes as "moinmaster", through a gate.
func newMoin19(t *testing.T) (*moin, *gate) {
	t.Helper()
	m := newMoin(t, "[moin]\nwikis = { tailed = \"/srv/moin/data\" }\n")
	m.sh("", "mkdir data/user; echo 'name=Ann Writer' >data/user/1795663034.99.27964\n"+m.says("1.9/events/ircbus.py")+m.says("1.9/action/changes.py"))
	g := newGate(t, m.bus.http)
	g.open()
	writeFile(t, m.path("settings"), strings.ReplaceAll(
		strings.Replace(m.says(`ircbus_url = u"`), m.bus.http, g.address, 1)+m.says("ircbus_public_url = ")+"    ircbus_wiki = 'tailed'", "\n    ", "\n"))
	m.run("wiki19.py", m.path("data"), m.path("settings"))
	return m, g
}

// TestMoin19: the plugin tells of each kind of change what the bus reads of it in
// the log, and of three kinds more; the action leads to it.
func TestMoin19(t *testing.T) {
	m, _ := newMoin19(t)
	changes := []string{
		`{"event": "PageChangedEvent", "page": "TestPage", "action": "SAVENEW", "rev": 1, "comment": "anonymous & 100% = +;#"}`,
		`{"event": "TrivialPageChangedEvent", "page": "TestPage", "action": "SAVE", "rev": 2, "user": "Ann Writer", "comment": "תיקון"}`,
		`{"event": "PageChangedEvent", "page": "עמוד ראשון/My Sub-Page", "action": "SAVENEW", "rev": 1, "user": "Ann Writer"}`,
		`{"event": "PageRevertedEvent", "page": "TestPage", "action": "SAVE/REVERT", "rev": 3, "extra": "00000001", "user": "Ann Writer"}`,
		`{"event": "PageRenamedEvent", "page": "Test Page", "action": "SAVE/RENAME", "rev": 4, "extra": "TestPage", "user": "Ann Writer"}`,
		`{"event": "PageCopiedEvent", "page": "Copied", "action": "SAVENEW", "rev": 5, "user": "Ann Writer"}`,
		`{"event": "FileAttachedEvent", "page": "Copied", "action": "ATTNEW", "extra": "%D7%AA%201.png", "filename": "ת 1.png", "size": 5, "user": "Ann Writer"}`,
		`{"event": "FileRemovedEvent", "page": "Copied", "action": "ATTDEL", "extra": "%D7%AA%201.png", "filename": "ת 1.png", "size": 5, "user": "Ann Writer"}`,
		`{"event": "PageDeletedEvent", "page": "Copied", "action": "SAVE", "rev": 6, "user": "Ann Writer", "comment": "not needed"}`,
	}
	for _, change := range changes {
		if said := m.does(change); said != "ok" {
			t.Fatalf("%s: %s", change, said)
		}
	}
	m.saves("PrivatePage", "which not everybody may read")
	tailed, told := m.has("tailed", len(changes)+1), m.has("moinmaster", len(changes))
	for i, line := range told {
		line = strings.NewReplacer("&minor=1", "", "&attach_size=5", "", "SAVE/DELETE", "SAVE").Replace(line)
		if diff := cmp.Diff(tailed[i], line); diff != "" {
			t.Error(diff)
		}
	}
	for i, want := range map[int]string{1: "&action=SAVE&user=Ann+Writer&", 2: "page=עמוד+ראשון/My+Sub-Page&", 6: "&attach_name=ת+1.png&attach_size=5&", 8: "&action=SAVE/DELETE&"} {
		if !strings.Contains(told[i], want) || strings.Contains(told[i], "&minor=1") != (i == 1) {
			t.Errorf("%s is not in %s", want, told[i])
		}
	}

	address := m.does(`{"query": "from=-1h&to=now&action=changes&limit=1"}`)
	if want := "http://" + m.bus.http + "/?action=changes&from=-1h&to=now&limit=1&channel=%23moinmaster"; address != want {
		t.Errorf("the action leads to %s, not %s", address, want)
	}
	address = m.does(`{"query": "action=changes&channel=tailed?page=עמ*&format=xml"}`)
	if got := eventsXML(t, address); len(got) != 1 || !strings.Contains(got[0], "עמוד ראשון") {
		t.Errorf("%s has %q", address, got)
	}
}

// TestMoin19Away: while the bus is away, or says nothing, events wait in the spool,
// and come once each and in order, whoever sends them.
func TestMoin19Away(t *testing.T) {
	m, g := newMoin19(t)
	cron := strings.TrimPrefix(m.says("* * * * *"), "* * * * * www-data ")
	flush := fmt.Sprintf("%s hook flush --url http://%s --password-file etc/moinmaster --spool spool/moinmaster", program, m.bus.http)
	n := 0
	for _, send := range []string{cron, flush} {
		if g.close(); send == flush {
			g.hang()
		}
		for range 20 {
			m.saves("Page", fmt.Sprint("number ", n))
			n++
		}
		waitFor(t, "the log to tell", func() bool { return strings.Contains(m.logged(), "keeps its events: http://"+g.address) })
		if out := m.sh("", "find spool/moinmaster/new -type f -perm 600 | wc -l"); out != "20\n" {
			t.Errorf("files that nobody else may read: %s", out)
		}
		m.sh("", "cp -r spool/moinmaster/new again")
		// The wiki has the lock while it waits for a bus that says nothing.
		waitFor(t, "the spool to be sent", func() bool { m.sh("", send); return m.waiting() == 0 })
		m.sh("", "mv again/* spool/moinmaster/new; rmdir again") // as if its end had not been seen
		waitFor(t, "the spool to be sent again", func() bool { m.sh("", send); return m.waiting() == 0 })
	}
	g.open()
	m.saves("Page", fmt.Sprint("number ", n))
	for i, line := range m.has("moinmaster", n+1) {
		if !strings.Contains(line, fmt.Sprintf("&comment=number+%d&", i)) {
			t.Fatalf("event %d is %s", i, line)
		}
	}
}

// TestMoin19Trouble: nothing that goes wrong reaches the wiki, and its log tells.
func TestMoin19Trouble(t *testing.T) {
	m, _ := newMoin19(t)
	m.saves("First", "")
	m.has("moinmaster", 1)
	spool := m.path("spool/moinmaster")

	writeFile(t, filepath.Join(spool, "new/0"), "page=x&id=1\n")
	m.saves("Second", "after one that the bus refuses")
	m.has("moinmaster", 2)
	if refused, err := os.ReadFile(filepath.Join(spool, "refused")); err != nil || !strings.Contains(string(refused), "\npage=x&id=1\n") {
		t.Errorf("%v: %q", err, refused)
	}

	m.sh("", "chmod 644 etc/moinmaster; cd spool/moinmaster/new; echo page=x >0; seq -w 9999 | xargs touch")
	m.saves("Third", "for which there is no room")
	waitFor(t, "the log to tell", func() bool {
		return strings.Contains(m.logged(), "etc/moinmaster may be read by others") && strings.Contains(m.logged(), "is full: 10000 events wait") && strings.Contains(m.logged(), "an event is lost: wiki=tailed&page=Third&")
	})
	m.sh("", "mv spool/moinmaster full; chmod 600 etc/moinmaster; touch spool/moinmaster")
	m.saves("Fourth", "which the disk does not take")
	m.sh("", "rm spool/moinmaster")
	m.saves("Fifth", "")
	m.has("moinmaster", 3)

	m.sh("", "rm -r data/plugin/events/ircbus_moin")
	m.run("wiki19.py", m.path("data"), m.path("settings"))
	m.saves("Sixth", "without half of the plugin")
	if !strings.Contains(m.logged(), "the bus is not told of a change") {
		t.Errorf("the log has %s", m.logged())
	}
}
