package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

// lines collects what a stream of lines brings.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

func (l *lines) get() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.all...)
}

// joinRaw joins a channel as the simplest client could and collects the text of
// its messages.
func joinRaw(t *testing.T, addr, channel string) *lines {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	var got lines
	joined, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	fmt.Fprintf(conn, "NICK raw\r\nUSER raw 0 * :raw\r\nJOIN %s\r\n", channel)
	go func() {
		defer close(done)
		for scanner := bufio.NewScanner(conn); scanner.Scan(); {
			line := scanner.Text()
			if len(line)+2 > 512 {
				t.Errorf("a line of %d bytes: %q", len(line)+2, line)
			}
			words := strings.SplitN(line, " ", 4)
			switch {
			case words[0] == "PING":
				fmt.Fprintf(conn, "PONG %s\r\n", words[1])
			case words[1] == "366":
				close(joined)
			case words[1] == "PRIVMSG" && words[2] == channel:
				got.add(strings.TrimPrefix(words[3], ":"))
			}
		}
	}()
	<-joined
	return &got
}

// streamSSE collects the data of a stream's change events.
func streamSSE(t *testing.T, address string) *lines {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("%s: %s %s", address, resp.Status, resp.Header.Get("Content-Type"))
	}
	var got lines
	done := make(chan struct{})
	t.Cleanup(func() { resp.Body.Close(); <-done })
	go func() {
		defer close(done)
		for scanner := bufio.NewScanner(resp.Body); scanner.Scan(); {
			if data, ok := strings.CutPrefix(scanner.Text(), "data: "); ok {
				got.add(data)
			}
		}
	}()
	return &got
}

var eventXML = regexp.MustCompile(`(?s)<event .*?</event>`)

// changesXML returns the events of one answer of the changes API.
func changesXML(t *testing.T, base string) []string {
	t.Helper()
	return eventsXML(t, base+"/?action=changes&limit=10000")
}

// eventsXML returns the events in what an address answers.
func eventsXML(t *testing.T, address string) []string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("changes: %s, %v\n%s", resp.Status, err, body)
	}
	return eventXML.FindAllString(string(body), -1)
}

// joinParts turns packed lines into events' fields.
func joinParts(t *testing.T, texts []string) []ircbus.Fields {
	t.Helper()
	var joiner ircbus.Joiner
	var all []ircbus.Fields
	for _, text := range texts {
		packed, err := ircbus.ParsePacked(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		fields, done, err := joiner.Add(packed)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if done {
			all = append(all, fields)
		}
	}
	return all
}

// jsonEvents decodes one event object a line; a torn last line is left out.
func jsonEvents(t *testing.T, texts []string) []ircbus.Fields {
	t.Helper()
	var all []ircbus.Fields
	for _, text := range texts {
		var event ircbus.Event
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, event.Fields)
	}
	return all
}

// fileLines returns the whole lines of a file that may be growing.
func fileLines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	end := bytes.LastIndexByte(data, '\n')
	if end < 0 {
		return nil
	}
	return strings.Split(string(data[:end]), "\n")
}
