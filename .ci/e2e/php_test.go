package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// streams are PHP's flags for a PHP without cURL.
const streams = "-n"

// tell runs PHP that tells of events as a plugin does: each an array in PHP. It
// returns what is in PHP's log.
func (s *site) tell(events ...string) string {
	s.t.Helper()
	code := "require '" + contrib + "php/Publisher.php'; foreach ([" + strings.Join(events, ",") + "] as $e) Ircbus\\Publisher::tell($argv[1], fn () => $e);"
	log, status := php(s.t, "-r", code, s.config)
	if status != 0 {
		s.t.Errorf("telling ended with %d: %s", status, log)
	}
	return log
}

// flush runs flush.php as from cron.
func (s *site) flush(flags ...string) (output string, status int) {
	s.t.Helper()
	return php(s.t, append(flags, contrib+"php/flush.php", s.config)...)
}

// flushed is flush that must leave nothing.
func (s *site) flushed(flags ...string) string {
	s.t.Helper()
	output, status := s.flush(flags...)
	if names := s.waiting(); status != 0 || len(names) != 0 {
		s.t.Errorf("flush.php ended with %d, %d events wait: %s", status, len(names), output)
	}
	return output
}

// TestPHPSpool is what the plugins of contrib have in common.
func TestPHPSpool(t *testing.T) {
	b := startBus(t)
	for name, test := range map[string]func(*testing.T, *site){
		"refused": phpRefused, "full": phpFull, "values": phpValues, "none": phpNoAnswers, "repeat": phpLostAnswer, "pause": phpPause,
		"many": phpMany, "config": phpConfig,
	} {
		t.Run(name, func(t *testing.T) { test(t, newSite(t, b, name, t.TempDir())) })
	}
}

// set adds a line to the plugin's configuration.
func (s *site) set(line string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	writeFile(s.t, s.config, string(text)+line+"\n")
}

func contains(t *testing.T, output string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(output, word) {
			t.Errorf("%q is not in: %s", word, output)
		}
	}
}

// phpRefused: events that the bus refuses, and files that are damaged, are in nobody's way.
func phpRefused(t *testing.T, s *site) {
	contains(t, s.tell("['page' => 'one']"), "does not take events")
	if log := s.tell("['page' => 'two']", "['page' => 'bad', 'id' => 1]", "['page' => 'three']", "['page' => 'bad', 'not a key' => 1]"); log != "" {
		t.Errorf("that the bus is away is told again: %s", log)
	}
	writeFile(t, filepath.Join(s.spool, "0-damaged.json"), "")
	s.open()
	contains(t, s.flushed(), "id", "not a key", "damaged", "refused", "takes events again")
	if diff := cmp.Diff([]string{"one", "two", "three"}, s.told(3, "page")); diff != "" {
		t.Error(diff)
	}
	kept, err := os.ReadDir(filepath.Join(s.spool, "refused"))
	if err != nil || len(kept) != 6 {
		t.Errorf("3 events and 3 reasons are not kept: %v %v", kept, err)
	}
}

// phpFull: a full spool tells what is lost; nobody else may read it.
func phpFull(t *testing.T, s *site) {
	s.set("max_events = 2")
	log := s.tell("['page' => 'one']", "['page' => 'two']", "['page' => 'three']")
	contains(t, log, "an event is lost", "is full: 2 events wait, 2 are allowed")
	for _, name := range append(s.waiting(), s.config) {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
	if info, err := os.Stat(s.spool); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%s: %v %v", s.spool, info, err)
	}
}

// phpValues: what PHP has become fields.
func phpValues(t *testing.T, s *site) {
	s.set("wiki = Mine\nchannel = \"#values\"")
	s.open()
	s.tell(`['page' => "a\xffb\nc", 'comment' => str_repeat('ש', 3000), 'time' => 0, 'minor' => true, 'bot' => false, 'wiki' => 'x']`)
	e := s.told(1, "wiki", "page", "time", "minor", "cut", "bot")
	if diff := cmp.Diff([]string{"Mine | a�b\nc | 1970-01-01T00:00:00Z | 1 | comment | "}, e); diff != "" {
		t.Error(diff)
	}
	if c := s.bus.events(s.name)[0].Fields.Get("comment"); c != strings.Repeat("ש", 998)+"…" {
		t.Errorf("the comment has %d bytes: %s", len(c), c)
	}
}

// phpNoAnswers: only a bus that has an event on its disk takes it from the spool.
func phpNoAnswers(t *testing.T, s *site) {
	var answer atomic.Value // status and body
	answer.Store("503 ")
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body, _ := strings.Cut(answer.Load().(string), " ")
		n, _ := strconv.Atoi(status)
		w.WriteHeader(n)
		io.WriteString(w, body)
	}))
	defer other.Close()
	s.gate.bus = other.Listener.Addr().String()
	s.open()
	s.tell("['page' => 'one']")
	for i, given := range []string{
		"200 <html>", `200 {"events":[{}]}`, `201 {"events":[]}`, `201 {"events":[{},{}]}`, "201 ", "204 ", "301 ",
		`400 {"detail":"why"}`, "401 ", "404 []", "413 <html>", `429 {"detail":"later"}`, "500 ",
	} {
		answer.Store(given)
		output, code := s.flush([][]string{nil, {streams}}[i%2]...)
		if code != 1 || len(s.waiting()) != 1 || !strings.Contains(output, "status "+given[:3]) {
			t.Errorf("%s: flush.php ended with %d, %d events wait: %s", given, code, len(s.waiting()), output)
		}
	}
}

// phpLostAnswer: an event that is sent again is one event.
func phpLostAnswer(t *testing.T, s *site) {
	s.swallow()
	s.tell("['page' => 'one']", "['page' => 'two']")
	s.told(2)
	s.flush(streams)
	s.open()
	s.flushed(streams)
	if diff := cmp.Diff([]string{"one", "two"}, s.told(2, "page")); diff != "" {
		t.Error(diff)
	}
}

// phpPause: nobody tries for a while when a try has failed, but flush.php does.
func phpPause(t *testing.T, s *site) {
	s.tell("['page' => 'one']")
	writeFile(t, filepath.Join(s.spool, "state"), `{"pause":5,"until":9999999999,"reason":"the bus is away"}`)
	s.open()
	s.tell("['page' => 'two']")
	if n := s.gate.taken.Load(); n != 0 || len(s.waiting()) != 2 {
		t.Errorf("in the pause %d connections were made, %d events wait", n, len(s.waiting()))
	}
	s.flushed()
	s.tell("['page' => 'three']")
	if diff := cmp.Diff([]string{"one", "two", "three"}, s.told(3, "page")); diff != "" {
		t.Error(diff)
	}
}

// phpMany: many processes publish at a time.
func phpMany(t *testing.T, s *site) {
	s.open()
	const writers, each = 4, 100
	var running sync.WaitGroup
	for w := range writers {
		running.Go(func() { s.tell(fmt.Sprintf("...array_map(fn ($i) => ['page' => \"%d.$i\"], range(1, %d))", w, each)) })
	}
	running.Wait()
	s.flushed()
	seen := map[string]int{}
	for _, page := range s.told(writers*each, "page") {
		seen[page]++
	}
	if len(seen) != writers*each {
		t.Errorf("%d different events arrived, not %d", len(seen), writers*each)
	}
}

// phpConfig: mistakes in the file are told.
func phpConfig(t *testing.T, s *site) {
	for text, says := range map[string]string{
		"":                                 `does not say "url"`,
		"url = ftp://x\ntoken=x\nspool=/x": "must be like http://127.0.0.1:8667",
		"url = http://x\nspool = /x":       `does not say "token"`,
		"url = http://x\ntoken = \"a b\"\nspool = /x": "ircbus account token",
		"uri = http://x": `has "uri"; there are url, token`,
		"[[[":            "is no INI file",
	} {
		writeFile(t, s.config, text)
		output, status := s.flush()
		if contains(t, output, says, s.config); status != 2 {
			t.Errorf("%q ended with %d", text, status)
		}
	}
	writeFile(t, s.config, "url = http://x\ntoken = x\nspool = /x")
	output, _ := php(t, "-r", `$_SERVER["DOCUMENT_ROOT"] = dirname($argv[1]); require "`+contrib+`php/Publisher.php"; Ircbus\Publisher::resume($argv[1]);`, s.config)
	contains(t, output, s.config+" must not be in")
	if err := os.Chmod(s.config, 0o644); err != nil {
		t.Fatal(err)
	}
	contains(t, s.tell("['page' => 'one']"), "an event is lost", "chmod o= "+s.config)
}
