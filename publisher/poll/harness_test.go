package poll

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/publisher/door"
)

// patience is how long a test waits for what must happen.
const patience = 5 * time.Minute

// edit is a change in a wiki: number n, made at a time.
type edit struct {
	n  int
	at time.Time
}

// wiki is a wiki that answers over HTTP, a log of events, and the door between them.
type wiki struct {
	t      *testing.T
	format string
	server *httptest.Server
	store  *sqlite.Store
	in     *door.Inlet

	// serve answers a request; edits are those made so far, oldest first.
	serve func(w http.ResponseWriter, r *http.Request, edits []edit)

	mu       sync.Mutex
	kept     []byte // the place
	edits    []edit
	growth   int // edits that are made before each answer
	limit    int // edits that are made at most
	clumsy   bool
	requests int
	headers  http.Header // of the last request
}

func newWiki(t *testing.T, format string, serve func(http.ResponseWriter, *http.Request, []edit)) *wiki {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := &wiki{t: t, format: format, store: store, serve: serve}
	w.in = door.New("poll.w", door.Bus{
		Append: store.Append,
		Ensure: func(_ context.Context, w ircbus.Wiki) (string, string, error) {
			return w.Publisher, "#" + w.Publisher, nil
		},
		Feed: func(account, _ string) (string, error) { return "#" + account, nil },
	})
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	return w
}

func (w *wiki) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.requests++
	w.headers = r.Header
	fails := w.clumsy && w.stumble(out)
	if w.growth > 0 && !fails {
		w.make(min(w.growth, w.limit-len(w.edits)))
	}
	edits := w.edits
	w.mu.Unlock()
	if !fails {
		w.serve(out, r, edits)
	}
}

// stumble lets the wiki fail in every way now and then, and reports whether it
// did: it is busy, breaks off, and answers something else.
func (w *wiki) stumble(out http.ResponseWriter) bool {
	switch w.requests % 12 {
	case 0:
		http.Error(out, "busy", http.StatusServiceUnavailable)
	case 4:
		out.Header().Set("Content-Length", "100000")
		io.WriteString(out, "<?xml")
	case 8:
		io.WriteString(out, "<html><body>Please come back</body></html>")
	default:
		return false
	}
	return true
}

// epoch is when the wikis of these tests began.
var epoch = time.Now().Add(-12 * time.Hour).UTC().Truncate(time.Second)

// make makes n edits, a second after one another. The lock is held.
func (w *wiki) make(n int) {
	for range n {
		number := len(w.edits) + 1
		w.edits = append(w.edits, edit{number, epoch.Add(time.Duration(number) * time.Second)})
	}
}

// grow makes n edits.
func (w *wiki) grow(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.make(n)
}

func (w *wiki) open() *Source {
	w.t.Helper()
	s, err := Open(w.t.Context(), w.in, Config{
		Publisher: "w", Format: w.format, URL: w.server.URL, Every: time.Millisecond, UserAgent: "ircbus test",
		Load: func() ([]byte, error) { w.mu.Lock(); defer w.mu.Unlock(); return w.kept, nil },
		Save: func(text []byte) error { w.mu.Lock(); defer w.mu.Unlock(); w.kept = text; return nil },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// run lets the door work, and returns how to end it.
func (w *wiki) run() (stop func()) {
	w.t.Helper()
	s := w.open()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	}
}

// once polls once.
func (w *wiki) once() error {
	w.t.Helper()
	s := w.open()
	defer s.save()
	defer s.client.close()
	return s.poll(w.t.Context(), w.t.Context())
}

// must polls once, which must succeed.
func (w *wiki) must() {
	w.t.Helper()
	if err := w.once(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *wiki) place() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept
}

// until waits until the report is as wanted.
func (w *wiki) until(what string, holds func(door.Report) bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(w.in.Report()); <-tick.C {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s: %+v", what, w.in.Report())
		}
	}
}

func (w *wiki) stored(n int) {
	w.t.Helper()
	w.until(fmt.Sprint(n, " events"), func(r door.Report) bool { return r.Stored >= uint64(n) })
}

// events are those that are stored.
func (w *wiki) events() (all []ircbus.Event) {
	w.t.Helper()
	err := w.store.Range(w.t.Context(), history.Query{}, func(e *ircbus.Event) error {
		all = append(all, *e)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// exactly checks that the edits from first to last are stored, each once, and in
// order unless they come late.
func (w *wiki) exactly(first, last int, ordered bool) {
	w.t.Helper()
	seen := make(map[int]bool)
	want := first
	for _, e := range w.events() {
		n, err := strconv.Atoi(e.Fields.Get("page")[len("Page "):])
		if err != nil || n < first || n > last || seen[n] || ordered && n != want {
			w.t.Fatalf("edit %d is stored where %d should be: %v", n, want, e.Fields)
		}
		seen[n] = true
		want++
	}
	if len(seen) != last-first+1 {
		w.t.Errorf("%d edits are stored, %d to %d should be", len(seen), first, last)
	}
}
