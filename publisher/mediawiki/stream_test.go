package mediawiki

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/publisher/door"
)

// wikimedia serves the recorded changes as EventStreams does: the id of each is
// its number. It breaks off in the middle of an event twice, and once does not
// know a place any more.
type wikimedia struct {
	changes [][]byte

	mu     sync.Mutex
	places []string // Last-Event-ID of each request
}

func (w *wikimedia) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	place := r.Header.Get("Last-Event-ID")
	w.mu.Lock()
	w.places = append(w.places, place)
	request := len(w.places)
	w.mu.Unlock()
	from := 0
	switch request {
	case 1, 2:
		fmt.Sscan(place, &from)
	case 3:
		http.Error(out, "invalid_timestamp", http.StatusBadRequest)
		return
	}
	out.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(out, ":ok\n\n")
	for i, change := range w.changes[from:] {
		if request == 1 && i == 3 || request == 2 && i == 2 {
			fmt.Fprintf(out, "event: message\r\nid: %d\r\ndata: %s", from+i+1, change[:len(change)/2])
			return
		}
		fmt.Fprintf(out, "event: message\r\nid: %d\r\ndata: %s\r\n\r\n", from+i+1, change)
		fmt.Fprintf(out, "id: %d\ndata: {\"meta\":{\"domain\":\"canary\"},\"wiki\":\"enwiki\",\"title\":\"test\"}\n\n: comment\n\n", from+i+1)
		fmt.Fprintf(out, "id: %d\ndata: {\"id\":1,\"type\":\"edit\",\"wiki\":\"dewiki\",\"title\":\"Anderswo\"}\n\n", from+i+1)
	}
	io.WriteString(out, "data: {nonsense\n\nevent: error\ndata: {\"message\":\"x\"}\n\n: comment\n\n: comm")
	out.(http.Flusher).Flush()
	<-r.Context().Done()
}

// TestStream: every change of the wanted wikis once, whatever happens on the way;
// nothing else; and the next run goes on where this one was.
func TestStream(t *testing.T) {
	recorded, err := os.ReadFile("testdata/eventstreams.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	w := &wikimedia{changes: bytes.Split(bytes.TrimSpace(recorded), []byte("\n"))}
	server := httptest.NewServer(w)
	defer server.Close()
	store := openStore(t)
	away := 2 // times that the store fails first
	in := door.New("eventstreams", door.Bus{
		Append: func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
			if away--; away >= 0 {
				return nil, ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
			}
			return store.Append(ctx, batch)
		},
		Ensure: func(_ context.Context, w ircbus.Wiki) (string, string, error) {
			return w.Publisher, "#" + w.Publisher, nil
		},
	})
	var saved string
	cfg := StreamConfig{
		URL: server.URL, Names: []string{"en*"}, UserAgent: "ircbus test",
		Load: func() (string, error) { return saved, nil },
		Save: func(id string) error { saved = id; return nil },
	}
	run := func(until func(door.Report) bool) {
		t.Helper()
		stream, err := NewStream(in, cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- stream.Run(ctx) }()
		waitFor(t, func() bool { return until(in.Report()) })
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	run(func(r door.Report) bool { return r.Refused[door.Malformed] == 1 && r.Duplicates == 5 })
	report := in.Report()
	if n := uint64(len(w.changes)); report.Stored != n || report.Dropped[door.Queue] != 0 {
		t.Errorf("%d of %d changes were stored: %+v", report.Stored, n, report)
	}
	if last := fmt.Sprint(len(w.changes)); saved != last {
		t.Errorf("the place is %q, want %q", saved, last)
	}
	if got := strings.Join(w.places, ","); got != ",3,5," {
		t.Errorf("the stream was asked for from %q", got)
	}
	run(func(r door.Report) bool { w.mu.Lock(); defer w.mu.Unlock(); return len(w.places) == 5 })
	if got := w.places[4]; got != saved {
		t.Errorf("the next run began from %q, want %q", got, saved)
	}
}

func TestStreamAddress(t *testing.T) {
	in := door.New("x", door.Bus{Append: numbering(), Ensure: func(context.Context, ircbus.Wiki) (string, string, error) { return "", "", nil }})
	for _, address := range []string{"", "stream.wikimedia.org", "ftp://example.org/x", "http://"} {
		if _, err := NewStream(in, StreamConfig{URL: address, Load: func() (string, error) { return "", nil }}); err == nil {
			t.Errorf("%q is taken for an address", address)
		}
	}
}

func TestEvents(t *testing.T) {
	for _, test := range []struct{ name, stream, want string }{
		{"plain", ":ok\n\nevent: message\nid: 7\ndata: a\n\n", "message 7 a"},
		{"several lines, CR LF", "data: a\r\ndata\r\ndata:  b\r\n\r\n", "  a\n\n b"},
		{"the id stays", "id: 7\n\ndata: a\n\ndata: b\n\n", " 7 a| 7 b"},
		{"without data", "event: x\nid: 1\n\ndata:y\n\n", " 1 y"},
		{"broken off", "data: a\n\nid: 2\ndata: b\n", "  a"},
		{"unknown fields", "foo: bar\nretry: x\ndata: a\n\n", "  a"},
		{"long line", "data: " + strings.Repeat("x", 100_000) + "\n\n", "  " + strings.Repeat("x", 100_000)},
	} {
		e := newEvents(strings.NewReader(test.stream), func() {})
		var got []string
		for {
			m, err := e.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(test.name, err)
			}
			got = append(got, fmt.Sprintf("%s %s %s", m.kind, m.id, m.data))
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	for _, stream := range []string{"data: " + strings.Repeat("x", 2*maxMessage), strings.Repeat("data: 1234567\n", maxMessage/8)} {
		if _, err := newEvents(strings.NewReader(stream), func() {}).next(); !errors.Is(err, errLong) {
			t.Errorf("an endless event: %v", err)
		}
	}
}

// FuzzEvents: no stream holds more memory than one event may, or has an end of
// its own.
func FuzzEvents(f *testing.F) {
	f.Add([]byte(":ok\n\nevent: message\nid: [{\"topic\":\"x\"}]\ndata: {}\n\n"))
	f.Add([]byte("data: a\r\ndata\r\nretry: 10\r\n\r\nid\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		e := newEvents(bytes.NewReader(stream), func() {})
		for {
			m, err := e.next()
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, errLong) {
					t.Fatal(err)
				}
				return
			}
			if len(m.data) > maxMessage || strings.ContainsRune(m.id, 0) {
				t.Fatalf("%d bytes, id %q", len(m.data), m.id)
			}
		}
	})
}

// river serves so many changes, with numbers for ids, and breaks off now and then.
type river struct {
	change string
	length int
}

func (v river) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	from := 0
	fmt.Sscan(r.Header.Get("Last-Event-ID"), &from)
	out.Header().Set("Content-Type", "text/event-stream")
	for i := from + 1; i <= min(from+v.length/3, v.length); i++ {
		fmt.Fprintf(out, "event: message\nid: %d\ndata: %s\n\n", i, strings.Replace(v.change, `"id":1659529639`, fmt.Sprintf(`"id":%d`, i), 1))
	}
	if from+v.length/3 >= v.length {
		out.(http.Flusher).Flush()
		<-r.Context().Done()
	}
}

// TestStreamLosesNone: 10,000 changes over several connections, each once. A
// server that breaks off, but has sent something, is asked again soon.
func TestStreamLosesNone(t *testing.T) {
	recorded, err := os.ReadFile("testdata/eventstreams.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(recorded), "\n")
	length := 10_000
	if testing.Short() {
		length /= 10
	}
	server := httptest.NewServer(river{first, length})
	defer server.Close()
	store := openStore(t)
	in := door.New("eventstreams", door.Bus{
		Append: store.Append,
		Ensure: func(_ context.Context, w ircbus.Wiki) (string, string, error) {
			return w.Publisher, "#" + w.Publisher, nil
		},
	})
	stream, err := NewStream(in, StreamConfig{
		URL: server.URL, Names: []string{"*"}, UserAgent: "ircbus test",
		Load: func() (string, error) { return "", nil },
		Save: func(string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- stream.Run(ctx) }()
	waitFor(t, func() bool { return in.Report().Stored >= uint64(length) })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	next := 0
	err = store.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		next++
		return nil
	})
	if r := in.Report(); err != nil || next != length || r.Duplicates != 0 || notTaken(r) != 0 {
		t.Errorf("%d events are stored: %+v, %v", next, r, err)
	}
}
