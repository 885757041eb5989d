// Package e2e drives the whole way once: Debian's MediaWiki is edited, and every
// change must be found once wherever the bus hands it on, with Debian's irssi as
// the person who watches. .ci/run installs what it needs and runs it; it is not
// part of ./... because a MediaWiki is not part of a Go programmer's machine.
package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const wikiName = "e2ewiki"

// edits changes the wiki in every way and returns how many of the wiki's own
// recent changes carry each mark. It asks after every step because a deletion
// takes its page's earlier rows out of the wiki's list.
func edits(t *testing.T, w *mediawiki) map[string]int {
	t.Helper()
	n := 0
	seen := map[int64]bool{}
	want := map[string]int{}
	do := func(params ...string) {
		t.Helper()
		n++
		mark := fmt.Sprintf("e2e-%02d", n)
		for i := range params {
			params[i] = strings.ReplaceAll(params[i], "MARK", mark)
		}
		w.do(params...)
		for _, c := range w.changes() {
			if m := markPattern.FindString(c.Comment); m != "" && !seen[c.RCID] {
				seen[c.RCID] = true
				want[m]++
			}
		}
		if want[mark] == 0 {
			t.Errorf("%s %q is not in the wiki's own list", mark, params)
		}
	}
	edit := func(title, text, summary string, more ...string) {
		t.Helper()
		do(append([]string{"action", "edit", "title", title, "text", text, "summary", summary}, more...)...)
	}
	edit("Start page", "one", "MARK a new page")
	edit("Start page", "one two", "MARK an edit")
	edit("Start page", "one, two", "MARK a minor edit", "minor", "1")
	edit("עמוד ראשון", "שלום", "MARK דף חדש")
	edit("עמוד ראשון", "שלום עולם", "MARK תיקון שגיאות כתיב, ראו [[דף אחר]]")
	edit("Long summary", "1", "MARK "+strings.Repeat("ש", 450))
	edit("Long summary", "2", "MARK "+strings.Repeat("long summary ", 36))
	edit("Long summary", "3", "MARK first line\nsecond line\r\nPRIVMSG #e2ewiki :third")
	edit("Marks & co?", "1", `MARK <b>"a" & b</b> = 100% + #1; \ [[x|y]] 👩‍👩‍👧`)
	edit("Long summary", strings.Repeat("big ", 400), "MARK adds much")
	edit("Long summary", "small", "MARK removes more than 500 bytes")
	do("action", "move", "from", "Start page", "to", "Moved page", "reason", "MARK a move")
	do("action", "protect", "title", "Moved page", "protections", "edit=sysop", "reason", "MARK a protection")
	do("action", "move", "from", "עמוד ראשון", "to", "עמוד שני", "reason", "MARK העברה", "noredirect", "1")
	do("action", "delete", "title", "Moved page", "reason", "MARK a deletion")
	do("action", "undelete", "title", "Moved page", "reason", "MARK a restoration")
	do("action", "block", "user", "192.0.2.7", "expiry", "1 day", "reason", "MARK a block")
	w.login("Feedbot")
	edit("Start page two", "bot", "MARK by a bot", "bot", "1")
	edit("Start page two", "bot again", "MARK by a bot, minor", "bot", "1", "minor", "1")
	return want
}

var markPattern = regexp.MustCompile(`e2e-\d\d`)

// count finds the marks in texts.
func count(texts []string) map[string]int {
	got := map[string]int{}
	for _, text := range texts {
		if mark := markPattern.FindString(text); mark != "" {
			got[mark]++
		}
	}
	return got
}

func TestMediaWikiToEveryReader(t *testing.T) {
	b := startBus(t)
	w := newMediawiki(t, wikiName, fmt.Sprintf(
		"\n$wgRCFeeds['ircbus'] = ['formatter' => 'JSONRCFeedFormatter', 'uri' => 'udp://%s'];\n$wgJobRunRate = 0;\n", b.udp))

	// The first change makes the publisher and its channels.
	w.do("action", "edit", "title", "Hello", "text", "hello", "summary", "the first change")
	waitFor(t, "the wiki to become a publisher", func() bool {
		resp, err := http.Get("http://" + b.http + "/wikis/" + wikiName)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		return resp.StatusCode == 200
	})

	host, port, _ := net.SplitHostPort(b.irc)
	person := newIrssi(t, fmt.Sprintf(`address = "%s"; port = "%s"; use_tls = "no";`, host, port), `nick = "reader";`)
	person.join("#" + wikiName + ".text")
	packed := joinRaw(t, b.irc, "#"+wikiName)
	stream := streamSSE(t, "http://"+b.http+"/stream?channel=%23"+wikiName)
	dir := t.TempDir()
	handled := filepath.Join(dir, "handled")
	follow := exec.Command(program, "follow", "#"+wikiName, "--server", b.http, "--from", "-1h",
		"--cursor", filepath.Join(dir, "cursor"), "--exec", "cat >>"+handled)
	start(t, follow, "ircbus follow")

	asks := startPolling(t, w)

	want := edits(t, w)
	total := 0
	for _, n := range want {
		total += n
	}
	t.Logf("%d changes with %d marks", total, len(want))

	readers := map[string]func() map[string]int{
		"packed channel":       func() map[string]int { return count(comments(t, packed)) },
		"readable, in irssi":   func() map[string]int { return count(strings.Split(person.screen(), "\n")) },
		"changes as XML":       func() map[string]int { return count(changesXML(t, "http://"+b.http)) },
		"server-sent events":   func() map[string]int { return count(stream.get()) },
		"ircbus follow --exec": func() map[string]int { return count(fileLines(t, handled)) },
	}
	for name, read := range readers {
		waitFor(t, name+" to have all changes", func() bool {
			got := 0
			for _, n := range read() {
				got += n
			}
			return got >= total
		})
		for mark, n := range read() {
			if n != want[mark] {
				t.Errorf("%s: %s is there %d times, not %d", name, mark, n, want[mark])
			}
		}
	}
	if screen := person.screen(); !strings.Contains(screen, "עמוד ראשון") {
		t.Errorf("irssi does not show the Hebrew title:\n%s", screen)
	}
	jsonEvents(t, fileLines(t, handled)) // whole, one object a line
	asks.agrees(t, b)

	if err := follow.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the cursor to be saved", func() bool {
		_, err := os.Stat(filepath.Join(dir, "cursor"))
		return err == nil
	})
}

func comments(t *testing.T, texts *lines) []string {
	t.Helper()
	var all []string
	for _, fields := range joinParts(t, texts.get()) {
		all = append(all, fields.Get("comment")+" "+fields.Get("log_action_comment"))
	}
	return all
}
