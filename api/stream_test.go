package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// reader is a test's connection to GET /stream.
type reader struct {
	t      testing.TB
	header http.Header
	body   io.ReadCloser
	lines  *bufio.Scanner
	close  func()
}

// message is one Server-Sent Event, its id without the epoch; comments and retry
// have no event.
type message struct{ event, id, data string }

func (b *bus) stream(query string, headers ...string) *reader {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r, err := http.NewRequestWithContext(ctx, "GET", b.url+"/stream"+query, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if response.StatusCode != 200 {
		b.t.Fatalf("stream%s: %s", query, response.Status)
	}
	s := &reader{t: b.t, header: response.Header, body: response.Body, lines: bufio.NewScanner(response.Body)}
	s.lines.Buffer(nil, 1<<20)
	s.close = func() {
		cancel()
		response.Body.Close()
	}
	b.t.Cleanup(s.close)
	return s
}

// next returns the next block that is more than comments.
func (s *reader) next() (m message, ok bool) {
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "event":
			m.event = value
		case "id":
			id, found := strings.CutPrefix(value, s.header.Get("Ircbus-Epoch")+"-")
			if !found {
				s.t.Errorf("the id %q does not say of which log it is", value)
			}
			m.id = id
		case "data":
			m.data = value
		case "":
			if s.lines.Text() == "" && m != (message{}) {
				return m, true
			}
		}
	}
	return m, false
}

func (s *reader) want(event, id, part string) message {
	s.t.Helper()
	m, ok := s.next()
	if !ok || m.event != event || m.id != id || !strings.Contains(m.data, part) {
		s.t.Fatalf("got %+v, %t, %v; want %s %s with %q", m, ok, s.lines.Err(), event, id, part)
	}
	return m
}

func TestStream(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=Old")
	live := b.stream("")
	all := b.stream("?after=0")
	view := b.stream("?channel=moinmaster.text?page=Bad*&channel=enwiki", "Last-Event-ID", "1")
	since := b.stream("?from=-1h")
	never := b.stream("?from=" + time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	b.publish("page=פתיחה&comment=a%0Ab", "page=BadOne")
	b.publishIn("enwiki", "#enwiki", "page=X")
	live.want("change", "2", `"page":"פתיחה"`)
	live.want("change", "3", `"url":"https://moin.example/BadOne"`)
	live.want("change", "4", `"channel":"#enwiki"`)
	for i := 1; i <= 4; i++ {
		all.want("change", strconv.Itoa(i), `"fields"`)
		since.want("change", strconv.Itoa(i), `"fields"`)
	}
	view.want("change", "3", "BadOne")
	view.want("change", "4", "X")
	b.api.Close()
	for _, s := range []*reader{live, all, view, since, never} {
		s.want("end", "", "stopping")
		if m, ok := s.next(); ok || s.lines.Err() != nil {
			t.Errorf("after the end: %+v, %v", m, s.lines.Err())
		}
	}
	if live.header.Get("Content-Type") != "text/event-stream" || live.header.Get("Ircbus-Head") != "1" || live.header.Get("Ircbus-Epoch") == "" {
		t.Errorf("headers %v", live.header)
	}
}

func TestStreamLines(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	b.publish("page=B")
	b.retain("#moinmaster", 1)
	b = b.restart()
	for _, s := range []*reader{b.stream("?after=0&format=ndjson"), b.stream("?after=0", "Accept", "application/x-ndjson")} {
		if !s.lines.Scan() || !strings.HasPrefix(s.lines.Text(), `{"gap":{"after":0,"removed":1,"oldest":2,"head":2,"epoch":"`) {
			t.Errorf("gap: %q", s.lines.Text())
		}
		var e ircbus.Event
		if !s.lines.Scan() || json.Unmarshal(s.lines.Bytes(), &e) != nil || e.ID != 2 || e.Fields.Get("page") != "B" {
			t.Errorf("event: %q", s.lines.Text())
		}
	}
}

func TestStreamGap(t *testing.T) {
	b := startBus(t, nil)
	for i := range 10 {
		b.publish(fmt.Sprintf("page=P%d", i))
	}
	b.publishIn("enwiki", "#enwiki", "page=X")
	b.retain("#moinmaster", 2)
	b = b.restart()
	s := b.stream("?after=3")
	s.want("gap", "", `{"after":3,"removed":8,"oldest":9,"head":11,`)
	s.want("change", "9", "P8")
	s.want("change", "10", "P9")
	s.want("change", "11", "X")
	b.stream("?after=0&channel=enwiki").want("change", "11", "X")
	b.stream("?after=8").want("change", "9", "P8")
	b.stream("?from=-1h").want("gap", "", `"removed":8`)
	foreign := b.stream("?after=500") // the cursor of another bus
	foreign.want("gap", "", `"after":500`)
	b.publish("page=New")
	foreign.want("change", "12", "New")
}

// A filtered stream moves the cursor of a reader that nothing concerns.
func TestStreamHeartbeat(t *testing.T) {
	b := startBus(t, nil)
	b.api.heartbeat = 5 * time.Millisecond
	s := b.stream("?channel=enwiki")
	b.publish("page=A")
	b.publish("page=B")
	for { // one heartbeat may come between the two
		m, ok := s.next()
		if !ok || m.event != "" || m.data != "" {
			t.Fatalf("got %+v, %v", m, s.lines.Err())
		}
		if m.id == "2" {
			break
		}
	}
	lines := b.stream("?channel=enwiki&format=ndjson")
	if !lines.lines.Scan() || lines.lines.Text() != "" {
		t.Errorf("ndjson heartbeat: %q", lines.lines.Text())
	}
	s.close()
	lines.close()
}

// Readers that are cut off again and again while several publish get every event
// once and in order.
func TestStreamResumes(t *testing.T) {
	b := startBus(t, nil)
	const publishers, each = 3, 200
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				b.publish(fmt.Sprintf("page=P%d.%d", p, i))
			}
		})
	}
	readers := make([][]string, 4)
	for i := range readers {
		wg.Go(func() {
			last := "0"
			for len(readers[i]) < publishers*each {
				s := b.stream("", "Last-Event-ID", last)
				for range 1 + rand.IntN(80) {
					m, ok := s.next()
					if !ok || m.event != "change" {
						t.Errorf("got %+v, %t, %v", m, ok, s.lines.Err())
						return
					}
					last = m.id
					if readers[i] = append(readers[i], m.id); len(readers[i]) == publishers*each {
						break
					}
				}
				s.close()
			}
		})
	}
	wg.Wait()
	var want []string
	for _, e := range b.changes("/changes?limit=10000").Events {
		want = append(want, strconv.FormatUint(uint64(e.ID), 10))
	}
	for i := range readers {
		if diff := cmp.Diff(want, readers[i]); diff != "" {
			t.Errorf("reader %d: %s", i, diff)
		}
	}
}

// A reader that does not read is cut off, and the others notice nothing.
func TestStreamStalled(t *testing.T) {
	b := startBus(t, nil)
	b.api.patience = 300 * time.Millisecond
	stalled := b.stream("?after=0")
	b.api.patience = patience
	other := b.stream("?after=0")
	long := strings.Repeat("x", 15_000)
	deadline := time.Now().Add(patience)
	for n := 1; b.api.Stats().SlowCut == 0; n++ {
		if time.Now().After(deadline) {
			t.Fatal("the stalled reader is still there")
		}
		b.publish("page=A&comment=" + long)
		other.want("change", strconv.Itoa(n), long)
	}
	for {
		if _, ok := stalled.next(); !ok {
			break
		}
	}
	if stalled.lines.Err() == nil {
		t.Error("the stalled stream ended as if it were complete")
	}
	n := b.publish("page=Last")[0].ID
	other.want("change", strconv.FormatUint(uint64(n), 10), "Last")
}

// The server's time-outs are for ordinary requests: streams and waits outlive them.
func TestStreamOutlivesTimeouts(t *testing.T) {
	limit := 200 * time.Millisecond
	for !outlives(t, limit) {
		if limit *= 4; limit > MaxWait*time.Second {
			t.Fatal("a stream or a wait ends with the time-out of its request")
		}
	}
}

// outlives tries time-outs, which are too short for the request itself if this
// machine is busy.
func outlives(t *testing.T, limit time.Duration) bool {
	b := startBus(t, nil)
	b.api.heartbeat = 10 * time.Millisecond
	server := httptest.NewUnstartedServer(b.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = limit, limit
	server.Start()
	defer server.Close()
	defer b.api.Close()
	stream, err := http.Get(server.URL + "/stream")
	if err != nil {
		return false
	}
	defer stream.Body.Close()
	page, err := http.Get(fmt.Sprintf("%s/changes?after=0&wait=%d", server.URL, limit/time.Second+1))
	if err != nil {
		return false
	}
	defer page.Body.Close()
	if _, err := io.Copy(io.Discard, page.Body); err != nil {
		return false
	}
	b.publish("page=A")
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data: ") {
			return strings.Contains(lines.Text(), `"page":"A"`)
		}
	}
	return false
}

func TestHTTP2(t *testing.T) {
	b := startBus(t, nil)
	server := httptest.NewUnstartedServer(b.api)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		b.api.Close()
		server.Close()
	})
	client := server.Client()
	response, err := client.Get(server.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	s := &reader{t: t, header: response.Header, lines: bufio.NewScanner(response.Body)}
	request, err := http.NewRequest("POST", server.URL+"/events", strings.NewReader("page=A"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", form)
	request.Header.Set("Authorization", goodToken)
	posted, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	posted.Body.Close()
	if response.ProtoMajor != 2 || posted.StatusCode != 201 || !strings.HasPrefix(posted.Header.Get("Location"), "https://") {
		t.Errorf("%s; %s %v", response.Proto, posted.Status, posted.Header)
	}
	s.want("change", "1", "A")
	waited, err := client.Get(server.URL + "/changes?wait=1&after=1")
	if err != nil || waited.StatusCode != 200 {
		t.Fatal(waited, err)
	}
	waited.Body.Close()
	b.api.Close()
	s.want("end", "", "stopping")
}
