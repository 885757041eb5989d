package subscriber_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/account"
	"github.com/ircbus/ircbus/subscriber"
)

// gapFunc is a recorder that does something when it is told of a gap.
type gapFunc struct {
	*recorder
	then func()
}

func (g gapFunc) Gap(ctx context.Context, gap subscriber.Gap) error {
	g.then()
	return g.recorder.Gap(ctx, gap)
}

// TestOldConnectionNewLog: the bus is replaced between the JOIN over IRC and the
// answer over HTTP. What the old one still says must not be taken for the new one's.
func TestOldConnectionNewLog(t *testing.T) {
	before, after := newWorld(t), newWorld(t)
	before.publishAll("moin", 0, 20)
	r := newRecorder()
	o := before.options()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	f := follow(t, o, r, "#moin")
	r.wait(t, 20)
	f.end(t)

	after.publishAll("moin", 100, 105)
	o.HTTP = "http://" + after.http.addr
	h := gapFunc{r, func() {
		before.irc.point(after.bus.IRCAddr())
		before.publishAll("moin", 20, 30)
	}}
	follow(t, o, h, "#moin")
	r.wait(t, 25)
	after.publishAll("moin", 105, 150)
	r.wait(t, 70)
	r.mu.Lock()
	r.events = r.events[20:]
	r.mu.Unlock()
	r.check(t, after.stored("#moin"))
	if len(r.gaps) != 1 || r.gaps[0].Reason != subscriber.NewEpoch {
		t.Errorf("gaps %+v", r.gaps)
	}
}

// front is the bus's HTTP with some answers replaced.
func front(t *testing.T, w *world, instead func(http.ResponseWriter, *http.Request) bool) string {
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.http.addr})
	pass.ErrorLog = nil
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if !instead(out, r) {
			pass.ServeHTTP(out, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestSearchEndsEarly: the bus may give up the search for the first event since a
// time, and says where it goes on.
func TestSearchEndsEarly(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 20)
	stored := w.stored("#moin?user=Bob")
	r, o := newRecorder(), w.options()
	o.HTTP = front(t, w, func(out http.ResponseWriter, r *http.Request) bool {
		if !r.URL.Query().Has("from") {
			return false
		}
		answer, err := http.Get(w.bus.URL() + "/changes?format=json&after=5&limit=1")
		if err != nil {
			t.Error(err)
			return true
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		begin := strings.Index(string(body), `"events":[`)
		if err != nil || begin < 0 {
			t.Errorf("%s %v", body, err)
			return true
		}
		next := regexp.MustCompile(`(after=[a-z0-9]+-)6`).ReplaceAllString(string(body[:begin]), "${1}1")
		fmt.Fprintf(out, `%s"events":[]}`, next)
		return true
	})
	follow(t, o, r, "#moin?user=Bob")
	r.wait(t, len(stored))
	r.check(t, stored)
}

// TestRetryAfter stays away for as long as the bus wants.
func TestRetryAfter(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	var refused time.Time
	o, r := w.options(), newRecorder()
	o.HTTP = front(t, w, func(out http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/changes" || r.URL.Query().Has("from") {
			return false
		}
		if refused.IsZero() {
			refused = time.Now()
			out.Header().Set("Retry-After", "2")
			http.Error(out, `{"detail":"too many are searching"}`, http.StatusServiceUnavailable)
			return true
		}
		if since := time.Since(refused); since < 2*time.Second {
			t.Errorf("asked again after %v", since)
		}
		return false
	})
	follow(t, o, r, "#moin")
	r.wait(t, 5)
	r.check(t, w.stored("#moin"))
}

// TestPublisherComesBack: a publisher is removed and added again.
func TestPublisherComesBack(t *testing.T) {
	w := newWorld(t)
	r := newRecorder()
	follow(t, w.options(), r, "#moin", "#other?page=*")
	w.publishAll("moin", 0, 5)
	r.wait(t, 5)
	accounts := w.bus.Accounts()
	if err := accounts.Remove("moin"); err != nil {
		t.Fatal(err)
	}
	w.known(t, `"#moin"`, false)
	w.publishAll("other", 0, 5)
	if err := accounts.Add(account.Account{Name: "moin", Role: account.Publisher}, ""); err != nil {
		t.Fatal(err)
	}
	w.known(t, `"#moin"`, true)
	w.publishAll("moin", 5, 10)
	r.wait(t, 15)
	r.check(t, w.stored(everything...))
}

// known waits until the bus's description has a word, or has it no more.
func (w *world) known(t *testing.T, word string, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.bus.URL()+"/wikis?format=json", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), word) == want {
			return
		}
	}
}

// TestViewWrittenTwice is one view: case makes no difference.
func TestViewWrittenTwice(t *testing.T) {
	w := newWorld(t)
	r := newRecorder()
	follow(t, w.options(), r, "#moin?user=bob", "#MOIN?user=BOB", "moin.text?user=Bob")
	w.publishAll("moin", 0, 60)
	r.wait(t, 20)
	r.check(t, w.stored("#moin?user=Bob"))
}

// TestFromNowOn gives nothing that was before.
func TestFromNowOn(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	o, r := w.options(), newRecorder()
	o.From, o.Cursor = "", filepath.Join(t.TempDir(), "cursor")
	f := follow(t, o, r, "#moin")
	awaitFile(t, o.Cursor)
	w.publishAll("moin", 5, 10)
	r.wait(t, 5)
	f.end(t)
	r.check(t, w.stored("#moin")[5:])
}

// awaitFile waits until a cursor file has a position.
func awaitFile(t *testing.T, path string) {
	t.Helper()
	timeout := time.After(patience)
	for {
		// A file that says no epoch is there before the position is known.
		if data, err := os.ReadFile(path); err == nil && !strings.Contains(string(data), `"epoch":""`) {
			return
		}
		select {
		case <-timeout:
			t.Fatalf("%s gets no position", path)
		case <-time.After(time.Millisecond):
		}
	}
}

// TestBareBadRequest: a 400 that is not the bus's own is tried again, also at the
// very beginning.
func TestBareBadRequest(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	first := true
	o, r := w.options(), newRecorder()
	o.HTTP = front(t, w, func(out http.ResponseWriter, r *http.Request) bool {
		if first {
			first = false
			http.Error(out, "400 Bad Request", http.StatusBadRequest)
			return true
		}
		return false
	})
	follow(t, o, r, "#moin")
	r.wait(t, 5)
	r.check(t, w.stored("#moin"))
}

// TestPanic: a handler's panic reaches the program, with the cursor before the event
// and the file free.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.publishAll("moin", 0, 5)
	o, r := w.options(), newRecorder()
	o.Cursor = filepath.Join(t.TempDir(), "cursor")
	r.before = func(*ircbus.Event) error {
		if r.count() == 3 {
			panic("the handler's")
		}
		return nil
	}
	func() {
		defer func() {
			if p := recover(); p != "the handler's" {
				t.Errorf("the panic was %v", p)
			}
		}()
		t.Error(subscriber.Follow(t.Context(), o, []string{"#moin", "#other"}, r))
	}()
	r.before = nil
	follow(t, o, r, "#moin", "#other")
	r.wait(t, 5)
	r.check(t, w.stored(everything...))
}
