package poll

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestClient: the bus introduces itself, asks with conditions, and takes no more than
// it can hold.
func TestClient(t *testing.T) {
	var got *http.Request
	mux := http.NewServeMux()
	mux.HandleFunc("/feed", func(w http.ResponseWriter, r *http.Request) {
		got = r
		if r.Header.Get("If-None-Match") == `"7"` && r.Header.Get("If-Modified-Since") == "Thu, 26 Nov 2026 03:13:24 GMT" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"7"`)
		w.Header().Set("Last-Modified", "Thu, 26 Nov 2026 03:13:24 GMT")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write([]byte("packed"))
		z.Close()
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(make([]byte, 1<<20))
		z.Close()
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/feed", http.StatusFound) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://metadata.example.org/", http.StatusFound)
	})
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	c := newClient("ircbus/1 bus@example.org")
	defer c.close()
	if c.limit != maxAnswer {
		t.Errorf("an answer may have %d bytes", c.limit)
	}
	c.limit = 1 << 16
	p := &place{}
	body, err := c.ask(t.Context(), question{url: server.URL + "/moved"})
	if err != nil || string(body) != "packed" || got.UserAgent() != "ircbus/1 bus@example.org" {
		t.Fatalf("%v, %q, %v", err, body, got.Header)
	}
	c.accept(p)
	if body, err := c.ask(t.Context(), question{url: server.URL + "/feed", etag: p.ETag, modified: p.Modified}); err != nil || body != nil {
		t.Errorf("%v, %q", err, body)
	}
	for path, want := range map[string]string{
		"/bomb": "more than 65536 bytes", "/round": "more than 5 redirections", "/none": "404 Not Found", "/busy": "429 Too Many Requests",
		"/away": "redirects to http://metadata.example.org: if that is right, configure the address there",
	} {
		if body, err := c.ask(t.Context(), question{url: server.URL + path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
	_, err = c.ask(t.Context(), question{url: server.URL + "/busy"})
	if busy, ok := errors.AsType[*busyError](err); !ok || busy.wait != 2*time.Minute {
		t.Errorf("%v", err)
	}
	server.Close()
	if _, err := c.ask(t.Context(), question{url: server.URL}); err == nil {
		t.Error("nobody answered")
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-1": 0, "99999999999999": maxWait, "soon": 0,
		"Thu, 26 Nov 2026 03:01:00 GMT": time.Minute, "Thu, 26 Nov 2026 02:00:00 GMT": 0,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestPause: never sooner than configured, longer with each failure, and as long as
// the wiki wants.
func TestPause(t *testing.T) {
	s := &Source{cfg: Config{Every: time.Minute}}
	between := func(got, least, most time.Duration) {
		t.Helper()
		if got < least || got > most {
			t.Errorf("%v is not between %v and %v", got, least, most)
		}
	}
	failed := errors.New("failed")
	between(s.pause(nil), time.Minute, 66*time.Second)
	between(s.pause(failed), time.Minute, 2*time.Minute)
	between(s.pause(failed), 2*time.Minute, 4*time.Minute)
	for range 100 {
		between(s.pause(failed), time.Minute, time.Hour)
	}
	between(s.pause(failed), 30*time.Minute, time.Hour)
	between(s.pause(&busyError{failed, 2 * time.Hour}), 2*time.Hour, 2*time.Hour)
	between(s.pause(fmt.Errorf("wrapped: %w", &busyError{failed, 1000 * time.Hour})), maxWait, maxWait)
	between(s.pause(nil), time.Minute, 66*time.Second)
	now := time.Unix(1_000_000, 0)
	between(s.firstWait(now), 0, firstPause)
	s.place.Next = 1_000_030
	between(s.firstWait(now), 30*time.Second, 30*time.Second)
	s.place.Next = 1e15
	between(s.firstWait(now), 0, maxWait+time.Minute)
	s.place.Next = 1
	between(s.firstWait(now), 0, firstPause)
}

// TestBusy: a MediaWiki whose databases are behind is left alone as long as it says;
// that counts as no refusal.
func TestBusy(t *testing.T) {
	w := newWiki(t, "mediawiki", func(w http.ResponseWriter, _ *http.Request, _ []edit) {
		w.Header().Set("Retry-After", "7200")
		fmt.Fprint(w, `{"error":{"code":"maxlag","info":"Waiting for db: 6 seconds lagged.","lag":6}}`)
	})
	s := w.open()
	defer s.client.close()
	err := s.poll(t.Context(), t.Context())
	if wait := s.pause(err); wait != 2*time.Hour {
		t.Errorf("%v, %v", err, wait)
	}
	if r := w.in.Report(); r.Refused["malformed"] != 0 {
		t.Errorf("%+v", r)
	}
}
