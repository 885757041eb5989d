package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

const (
	form      = "application/x-www-form-urlencoded"
	jsonT     = "application/json"
	ndjson    = "application/x-ndjson"
	goodToken = "Bearer token"
)

func (b *bus) post(query, contentType, body string, headers ...string) answer {
	b.t.Helper()
	return b.do("POST", "/events"+query, []byte(body), append([]string{"Authorization", goodToken, "Content-Type", contentType}, headers...)...)
}

func TestPost(t *testing.T) {
	b := startBus(t, nil)
	for _, test := range []struct{ query, contentType, body, channel, want string }{
		{"", form, "page=פתיחה&action=SAVE&user=%D7%90+x\n", "#moinmaster", "page=פתיחה&action=SAVE&user=א+x"},
		{"?channel=antispam", form + "; charset=UTF-8", "page=A", "#antispam", "page=A"},
		{"?channel=%23antispam.text", form, "page=A", "#antispam", "page=A"},
		{"", jsonT, `{"page":"A","minor":true,"bot":false,"rev":7,"length":{"new":5,"old":null},"tag":["a","b"]}`, "#moinmaster", "page=A&minor=1&rev=7&length.new=5&tag=a&tag=b"},
		{"", jsonT + ";charset=utf-8", ` [{"page":"A"},{"page":"B"}]`, "#moinmaster", "page=A|page=B"},
		{"", ndjson, "{\"page\":\"A\"}\n\n {\"page\":\"B\"}\r\n", "#moinmaster", "page=A|page=B"},
	} {
		head := b.changes("/changes").Head
		a := b.post(test.query, test.contentType, test.body)
		if a.status != http.StatusCreated {
			t.Errorf("%s: %d %s", test.body, a.status, a.body)
			continue
		}
		var answer posted
		decode(t, a, &answer)
		var got []string
		c := b.changes(fmt.Sprintf("/changes?after=%d", head))
		for i, e := range c.Events {
			e.Fields = slices.DeleteFunc(e.Fields, func(f ircbus.Field) bool {
				return f.Key == "time" || f.Key == "url" || f.Key == "diff" || f.Key == "history"
			})
			got = append(got, e.Fields.Encode())
			if e.Channel != test.channel || e.Publisher != "moinmaster" || answer.Events[i].ID != e.ID {
				t.Errorf("%s: stored %+v, answered %s", test.body, e, a.body)
			}
		}
		if diff := cmp.Diff(test.want, strings.Join(got, "|")); diff != "" || answer.Epoch != c.Epoch || len(answer.Events) != len(got) {
			t.Errorf("%s: %s; answered %s", test.body, diff, a.body)
		}
	}
	if n := b.api.Stats().Published; n != 8 {
		t.Errorf("published %d events, want 8", n)
	}
}

func TestPostDuplicate(t *testing.T) {
	b := startBus(t, nil)
	var first, second posted
	decode(t, b.post("", form, "page=A&key=k"), &first)
	decode(t, b.post("", jsonT, `[{"page":"B"},{"page":"A","key":"k"}]`), &second)
	if e := second.Events; len(e) != 2 || e[0].Duplicate || !e[1].Duplicate || e[1].ID != first.Events[0].ID || e[1].Key != "k" {
		t.Errorf("got %+v after %+v", second, first)
	}
	if n := len(b.changes("/changes").Events); n != 2 {
		t.Errorf("%d events are stored", n)
	}
}

func TestPostRefuses(t *testing.T) {
	b := startBus(t, nil)
	many := strings.Repeat("{\"page\":\"A\"}\n", MaxBatch+1)
	array := "[" + strings.TrimSuffix(strings.ReplaceAll(many, "\n", ","), ",") + "]"
	for _, test := range []struct {
		query, contentType, body string
		status                   int
		code                     ircbus.Code
		index                    int // -1 = none
	}{
		{"", form, "", 400, ircbus.InvalidEvent, -1},
		{"", form, "page=%zz", 400, ircbus.InvalidEvent, -1},
		{"", form, "id=1", 400, ircbus.InvalidEvent, -1},
		{"", form, "a=" + strings.Repeat("x", ircbus.MaxBody), 413, ircbus.EventTooLarge, -1},
		{"", jsonT, "", 400, ircbus.InvalidEvent, -1},
		{"", jsonT, "[]", 400, ircbus.InvalidEvent, -1},
		{"", jsonT, `{"a":"b"} x`, 400, ircbus.InvalidEvent, -1},
		{"", jsonT, `"text"`, 400, ircbus.InvalidEvent, -1},
		{"", jsonT, "{\"a\":\"\xff\"}", 400, ircbus.InvalidEvent, -1},
		{"", jsonT, `[{"a":"b"},{"a":"b"},{"id":"1"}]`, 400, ircbus.InvalidEvent, 2},
		{"", jsonT, `[{"a":"b"},7]`, 400, ircbus.InvalidEvent, 1},
		{"", jsonT, `[{"a":"b"}`, 400, ircbus.InvalidEvent, -1},
		{"", jsonT, `[{"a":"b"}] []`, 400, ircbus.InvalidEvent, -1},
		{"", jsonT, strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50), 400, ircbus.InvalidEvent, -1},
		{"", jsonT, array, 413, ircbus.EventTooLarge, -1},
		{"", ndjson, "{\"a\":\"b\"}\n{\"a\":\n", 400, ircbus.InvalidEvent, 1},
		{"", ndjson, "\n\n", 400, ircbus.InvalidEvent, -1},
		{"", ndjson, many, 413, ircbus.EventTooLarge, -1},
		{"", ndjson, strings.Repeat(" ", MaxPost+1), 413, ircbus.EventTooLarge, -1},
		{"", "", "a=b", 415, "", -1},
		{"", "text/plain", "a=b", 415, "", -1},
		{"", form + "; charset=klingon", "a=b", 415, "", -1},
		{"?channel=enwiki", form, "a=b", 403, ircbus.NotPublisher, -1},
		{"?channel=nowhere", form, "a=b", 403, ircbus.NotPublisher, -1},
		{"?channel=moinmaster?a=b", form, "a=b", 400, "", -1},
		{"?chanel=x", form, "a=b", 400, "", -1},
	} {
		p := problem(t, b.post(test.query, test.contentType, test.body), test.status)
		index := -1
		if p.Index != nil {
			index = *p.Index
		}
		if p.Code != test.code || index != test.index {
			t.Errorf("%s %.40q: got %+v with index %d", test.contentType, test.body, p, index)
		}
	}
	problem(t, b.post("", form, "a=b", "Content-Encoding", "br"), 415)
	problem(t, b.post("", form, "a=b", "Content-Encoding", "gzip"), 400)
	problem(t, b.post("", form, "a=b", "Origin", "https://evil.example"), 403)
	if n := len(b.changes("/changes").Events); n != 0 {
		t.Errorf("%d events of refused requests are stored", n)
	}
	if n := len(b.refused); n < 20 || b.refused[0] != ircbus.InvalidEvent {
		t.Errorf("%d refusals were counted", n)
	}
}

func TestPostLogin(t *testing.T) {
	b := startBus(t, nil)
	request := func(name, secret string) answer {
		r, err := http.NewRequest("POST", b.url+"/events", strings.NewReader("page=A"))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(name, secret)
		return b.do("POST", "/events", []byte("page=A"), "Content-Type", form, "Authorization", r.Header.Get("Authorization"))
	}
	if a := request("enwiki", "secret of enwiki"); a.status != 201 {
		t.Errorf("Basic: %d %s", a.status, a.body)
	}
	if p := problem(t, request("reader", "secret of reader"), 403); p.Code != ircbus.NotPublisher {
		t.Errorf("a reader: %+v", p)
	}
	if a := request("slow", "x"); problem(t, a, 429).Detail == "" || a.header.Get("Retry-After") != "2" {
		t.Errorf("slowed down: %v", a.header)
	}
	for _, authorization := range []string{"", "Bearer wrong", "Bearer", "Basic !!!", "Digest x"} {
		a := b.post("", form, "page=A", "Authorization", authorization)
		problem(t, a, 401)
		if got := a.header.Values("WWW-Authenticate"); len(got) != 2 {
			t.Errorf("%q: WWW-Authenticate %q", authorization, got)
		}
	}
	problem(t, request("enwiki", "wrong"), 401)
	problem(t, b.get("/changes", "Authorization", "Bearer wrong"), 401)
}

func TestPostWithoutStore(t *testing.T) {
	b := startBus(t, nil)
	b.store.Close()
	a := b.post("", form, "page=A")
	problem(t, a, 503)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	problem(t, b.get("/changes"), 503)
}

// A sender that hangs up in the middle of its body stores nothing.
func TestPostBrokenOff(t *testing.T) {
	b := startBus(t, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: %s\r\nContent-Type: %s\r\nContent-Length: 100\r\n\r\npage=A", goodToken, form)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var reply bytes.Buffer
	reply.ReadFrom(conn)
	conn.Close()
	if !strings.HasPrefix(reply.String(), "HTTP/1.1 400") {
		t.Errorf("got %q", reply.String())
	}
	if n := len(b.changes("/changes").Events); n != 0 {
		t.Errorf("%d events are stored", n)
	}
}

func TestEvent(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A", "page=B")
	a := b.get("/events/2")
	var e ircbus.Event
	decode(t, a, &e)
	if e.ID != 2 || e.Fields.Get("page") != "B" || e.Fields.Get("url") == "" {
		t.Errorf("got %s", a.body)
	}
	if again := b.get("/events/2", "If-None-Match", a.header.Get("ETag")); again.status != 304 {
		t.Errorf("with its tag: %d", again.status)
	}
	for _, path := range []string{"/events/3", "/events/0", "/events/x", "/events/99999999999999999999", "/events/-1"} {
		problem(t, b.get(path), 404)
	}
	b.retain("#moinmaster", 1)
	problem(t, b.get("/events/1"), 410)
}

// A sender that goes on, but takes for ever, is cut off as well.
func TestPostTakesForEver(t *testing.T) {
	b := startBus(t, nil)
	b.api.bodyTimeout = 100 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	body, sender := io.Pipe()
	defer body.Close()
	go func() {
		for {
			if _, err := sender.Write([]byte("a")); err != nil {
				return
			}
		}
	}()
	r, err := http.NewRequestWithContext(ctx, "POST", b.url+"/events", &slow{ctx, body})
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form)
	r.Header.Set("Authorization", goodToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 408 {
		t.Errorf("got %s", response.Status)
	}
}

// slow gives a byte now and then.
type slow struct {
	ctx context.Context
	io.Reader
}

func (s *slow) Read(p []byte) (int, error) {
	select {
	case <-time.After(10 * time.Millisecond):
	case <-s.ctx.Done():
	}
	return s.Reader.Read(p[:1])
}
