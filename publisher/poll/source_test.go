package poll

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
	"github.com/ircbus/ircbus/publisher/xmlrpc"
)

// TestMany: 10,000 changes of each kind of wiki, none lost and none twice, over
// restarts, crashes that forget the newest place, failures of the wiki and of the
// store.
func TestMany(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 1000
	}
	for _, test := range []struct {
		name, format string
		serve        func(http.ResponseWriter, *http.Request, []edit)
		growth       int // between two polls
		ordered      bool
	}{
		{"feed", "feed", feedOf(500), 150, true},
		{"MediaWiki", "mediawiki", apiOf(500), 700, false},
		{"WikiRPC 1", "wikirpc1", rpcOf("wiki.getRecentChanges", true), 700, true},
		{"WikiRPC 2", "wikirpc", rpcOf("getRecentChanges", false), 700, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWiki(t, test.format, test.serve)
			w.grow(48)
			w.must() // what is there at first is not published
			if r := w.in.Report(); r.Stored != 0 {
				t.Fatalf("%+v", r)
			}
			w.clumsy = true
			away := 0
			w.in.Append = func(ctx context.Context, batch []ircbus.Event) ([]ircbus.Receipt, error) {
				if away++; away%40 == 1 {
					return nil, ircbus.Refuse(ircbus.StoreUnavailable, "the disk is full")
				}
				return w.store.Append(ctx, batch)
			}
			w.growth, w.limit = test.growth, 48+total
			before := w.place()
			for i := 1; i <= 4; i++ {
				stop := w.run()
				w.stored(total * i / 5)
				stop()
				if i == 2 && test.format != "feed" {
					w.kept = before // as after a crash, long ago
				}
				before = w.place()
			}
			stop := w.run()
			w.stored(total)
			stop()
			w.exactly(49, 48+total, test.ordered)
			if r := w.in.Report(); r.Dropped[door.Gap] != 0 || r.Dropped[door.Queue] != 0 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestPlace: a place is that of an address and a format; one that is damaged is an
// error.
func TestPlace(t *testing.T) {
	w := newWiki(t, "feed", feedOf(500))
	w.grow(10)
	w.must()
	w.grow(1)
	w.must()
	if r := w.in.Report(); r.Stored != 1 || r.Duplicates != 0 {
		t.Errorf("%+v", r)
	}
	w.format, w.serve = "wikirpc", rpcOf("getRecentChanges", false)
	w.must()
	if r := w.in.Report(); r.Stored != 1 {
		t.Errorf("another format went on where the first was: %+v", r)
	}
	w.kept = []byte("{")
	_, err := Open(t.Context(), w.in, Config{Publisher: "w", Format: "feed", URL: "http://example.org", Load: func() ([]byte, error) { return w.kept, nil }})
	if err == nil {
		t.Error("a damaged place was read")
	}
	for _, cfg := range []Config{{Format: "gopher", URL: "http://x"}, {Format: "feed", URL: "ftp://x"}, {Format: "feed", URL: "http://u:p@x"}, {Format: "feed"}} {
		if _, err := Open(t.Context(), w.in, cfg); err == nil {
			t.Errorf("%+v was opened", cfg)
		}
	}
}

// TestDokuWiki: it has a method and a time of its own, and answers with nothing what
// it does not understand.
func TestDokuWiki(t *testing.T) {
	serve := rpcOf("wiki.getRecentChanges", false)
	w := newWiki(t, "dokuwiki", func(out http.ResponseWriter, r *http.Request, edits []edit) {
		body, _ := io.ReadAll(r.Body)
		method, params, err := xmlrpc.ParseCall(body)
		if err != nil || method != "wiki.getRecentChanges" || len(params) != 1 || params[0].Type != "int" {
			out.Write(xmlrpc.Response(xmlrpc.Value{Type: "struct"}))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		serve(out, r, edits)
	})
	w.grow(5)
	w.must()
	w.grow(5)
	w.must()
	w.exactly(6, 10, true)
}

// TestLate: where little happens, a change is found that appears an hour after it
// was made.
func TestLate(t *testing.T) {
	w := newWiki(t, "mediawiki", apiOf(500))
	w.grow(20)
	w.edits[19].at = epoch.Add(2 * time.Hour)
	w.must()
	w.edits = append(w.edits, edit{22, epoch.Add(time.Hour)})
	for range 3 {
		w.must()
	}
	w.exactly(22, 22, true)
	if r := w.in.Report(); r.Duplicates != 0 {
		t.Errorf("%+v", r)
	}
}

// TestGap: what a wiki does not tell any more is counted, once.
func TestGap(t *testing.T) {
	for _, test := range []struct {
		format string
		serve  func(forgets bool) func(http.ResponseWriter, *http.Request, []edit)
	}{
		{"feed", func(bool) func(http.ResponseWriter, *http.Request, []edit) { return feedOf(20) }},
		{"mediawiki", func(forgets bool) func(http.ResponseWriter, *http.Request, []edit) {
			return forgetful(apiOf(100), forgets)
		}},
		{"wikirpc", func(forgets bool) func(http.ResponseWriter, *http.Request, []edit) {
			return forgetful(rpcOf("getRecentChanges", false), forgets)
		}},
	} {
		w := newWiki(t, test.format, test.serve(false))
		w.grow(25)
		w.must()
		w.grow(19)
		w.must()
		if r := w.in.Report(); r.Dropped[door.Gap] != 0 || r.Stored < 17 {
			t.Errorf("%s: %+v", test.format, r)
		}
		w.serve = test.serve(true)
		w.grow(40)
		for range 3 {
			w.must()
		}
		if r := w.in.Report(); r.Dropped[door.Gap] != 1 || r.Stored < 35 {
			t.Errorf("%s: %+v", test.format, r)
		}
	}
}

// TestShortFeed: one that tells little is not thought to be cut, unless it does not
// reach back to the last poll.
func TestShortFeed(t *testing.T) {
	w := newWiki(t, "feed", feedOf(5))
	w.grow(5)
	w.must()
	w.grow(5)
	w.must()
	if r := w.in.Report(); r.Dropped[door.Gap] != 0 || r.Stored != 5 {
		t.Errorf("%+v", r)
	}
	s := w.open()
	s.place.Polled = epoch.Add(-2 * time.Hour).Unix()
	s.save()
	w.grow(5)
	w.must()
	if r := w.in.Report(); r.Dropped[door.Gap] != 1 || r.Stored != 10 {
		t.Errorf("%+v", r)
	}
}

// TestEndless: a wiki that always has more to tell is asked further at the next poll
// only.
func TestEndless(t *testing.T) {
	w := newWiki(t, "mediawiki", apiOf(1))
	w.grow(1)
	w.must()
	w.grow(3 * maxPages)
	before := w.requests
	w.must()
	if n := w.requests - before; n > maxPages {
		t.Errorf("there were %d requests", n)
	}
	if r := w.in.Report(); r.Stored != maxPages-1 {
		t.Errorf("%+v", r)
	}
}

// TestForgets: what is known does not grow without bound.
func TestForgets(t *testing.T) {
	p := &place{}
	p.begin([]change{{time.Unix(1000, 0), ircbus.Fields{{Key: "key", Value: "first"}}}})
	for n := range maxSeen {
		p.add([]change{{time.Unix(int64(2000+n), 0), ircbus.Fields{{Key: "key", Value: strconv.Itoa(n)}}}})
	}
	if _, kept := p.Seen[hash("first")]; kept || len(p.Seen) != maxSeen {
		t.Errorf("%d are known", len(p.Seen))
	}
	if _, kept := p.Seen[hash("0")]; !kept {
		t.Error("the wrong one was forgotten")
	}
}

// forgetful serves the last 20 edits alone, if it forgets.
func forgetful(serve func(http.ResponseWriter, *http.Request, []edit), forgets bool) func(http.ResponseWriter, *http.Request, []edit) {
	return func(w http.ResponseWriter, r *http.Request, edits []edit) {
		if forgets {
			edits = edits[len(edits)-20:]
		}
		serve(w, r, edits)
	}
}

// TestRefused: what cannot be read is counted and does not keep the rest back.
func TestRefused(t *testing.T) {
	answer := ""
	w := newWiki(t, "feed", func(w http.ResponseWriter, _ *http.Request, _ []edit) { io.WriteString(w, answer) })
	answer = "<rss><channel></channel></rss>"
	w.must()
	answer = "<rss><channel><item><title>Page 1</title></item><item></item><item><title>Page 2</title></item></channel></rss>"
	w.must()
	if r := w.in.Report(); r.Stored != 2 || r.Refused[door.Malformed] != 1 {
		t.Errorf("%+v", r)
	}
	answer = "<html>login</html>"
	if err := w.once(); err == nil {
		t.Error("a page was taken for a feed")
	}
	if r := w.in.Report(); r.LastRefusal == nil || r.LastRefusal.Detail != "the answer is not a feed: it begins with <html>" {
		t.Errorf("%+v", r)
	}
	w.exactly(1, 2, false)
}
