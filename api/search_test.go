package api

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/ircbus/ircbus"
)

// fillLog stores n events, one after the other 100 in a batch.
func (b *bus) fillLog(n int) {
	b.t.Helper()
	for i := 0; i < n; i += 100 {
		batch := make([]string, 100)
		for k := range batch {
			batch[k] = fmt.Sprintf("page=P%d&comment=%s", i+k+1, strings.Repeat("x", 30))
		}
		b.publish(batch...)
	}
}

// A search that finds little does not go through the whole log at once: pages
// end early, and together they have everything.
func TestSearchInSteps(t *testing.T) {
	b := startBus(t, nil)
	b.fillLog(1200)
	for _, order := range []string{"asc", "desc"} {
		for _, budget := range []int{1, 5_000, 50_000, searchBytes} {
			b.api.searchBytes = budget
			path, pages := "/changes?channel=moinmaster?page=*00&wait=60&limit=10&order="+order, 0
			var found []string
			for path != "" {
				c := b.changes(path)
				for _, e := range c.Events {
					found = append(found, e.Fields.Get("page"))
				}
				path = ""
				if c.Next != nil {
					next, err := url.Parse(*c.Next)
					if err != nil {
						t.Fatal(err)
					}
					path = next.RequestURI()
				}
				if pages++; budget == 1 && pages == 20 {
					break // one event a page goes on for long
				}
			}
			want := "P100 P200 P300 P400 P500 P600 P700 P800 P900 P1000 P1100 P1200"
			if order == "desc" {
				want = "P1200 P1100 P1000 P900 P800 P700 P600 P500 P400 P300 P200 P100"
			}
			if got := strings.Join(found, " "); budget > 1 && got != want {
				t.Errorf("%s with %d bytes a page: found %s", order, budget, got)
			}
			if least := map[int]int{1: 20, 5_000: 20, 50_000: 2, searchBytes: 2}[budget]; pages < least {
				t.Errorf("%s with %d bytes a page: only %d pages", order, budget, pages)
			}
		}
	}
}

// A page of several chunks ends where its budget does, and says so in every format.
func TestSearchLongPage(t *testing.T) {
	b := startBus(t, nil)
	comment := strings.Repeat("long ", 2000)
	for range 60 {
		b.publish("page=A&comment=" + comment)
	}
	b.api.searchBytes = 3 * 30 * 10_000 // chunk after chunk is read with it, to find the page's end
	c := b.changes("/changes?channel=moinmaster?page=A")
	if n := len(c.Events); n < 50 || n >= 60 || c.Next == nil || !strings.Contains(*c.Next, fmt.Sprintf("after=%s-%d&", c.Epoch, c.Events[n-1].ID)) {
		t.Errorf("%d events, next %v", n, c.Next)
	}
}

// Only so many search at one time; the others are told to come again.
func TestSearchTurns(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	b.api.searchPatience = 1
	var ends []func()
	for range max(2, runtime.GOMAXPROCS(0)) {
		done, err := b.api.search(t.Context(), netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, done)
	}
	a := b.get("/changes?channel=moinmaster?page=A")
	if problem(t, a, 503); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if c := b.changes("/changes?channel=moinmaster"); len(c.Events) != 1 {
		t.Error("who does not search must not wait")
	}
	ends[0]()
	b.api.searchPatience = patience
	for range 2 {
		if c := b.changes("/changes?channel=moinmaster?page=A"); len(c.Events) != 1 {
			t.Errorf("got %+v", c)
		}
	}
}

// Streams that begin far back, while retention removes what they have not read,
// get every event or a gap where one is missing.
func TestStreamCatchesUp(t *testing.T) {
	b := startBus(t, nil)
	const stored = 6000
	b.fillLog(stored)
	b.publishIn("enwiki", "#enwiki", "page=Other")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			b.follow([]string{"?after=0", "?after=0&channel=moinmaster?page=P*", "?from=-1h", "?after=1000"}[i], stored+2)
		})
	}
	for keep := stored - 300; keep > 1500; keep -= 700 {
		b.retain("#moinmaster", keep)
	}
	b.publish("page=Px")
	wg.Wait()
	s := b.stream("?after=0&channel=moinmaster?page=*00")
	s.want("gap", "", `"after":0,"removed":3800`)
	s.want("change", "3900", "P3900")
	s = b.stream("?after=0&channel=enwiki")
	s.want("change", strconv.Itoa(stored+1), "Other")
}

// Readers so slow that they have to catch up again after every write get
// everything once and in order.
func TestStreamBehind(t *testing.T) {
	b := startBus(t, nil)
	b.api.slowWrite = 0
	s := b.stream("?after=0&channel=moinmaster")
	for n := 1; n <= 100; n++ {
		b.publish("page=A")
		b.publishIn("enwiki", "#enwiki", "page=B")
		s.want("change", strconv.Itoa(2*n-1), "A")
	}
}

// follow reads a stream up to the event last and checks that only what a gap
// covers is missing.
func (b *bus) follow(query string, last ircbus.ID) {
	s := b.stream(query)
	defer s.close()
	var at, covered ircbus.ID
	if strings.Contains(query, "1000") {
		at = 1000
	}
	for at < last {
		m, ok := s.next()
		if !ok {
			b.t.Errorf("%s: ended after %d: %v", query, at, s.lines.Err())
			return
		}
		if m.event == "gap" {
			_, removed, _ := strings.Cut(m.data, `"removed":`)
			removed, _, _ = strings.Cut(removed, ",")
			id, _ := strconv.ParseUint(removed, 10, 64)
			covered = ircbus.ID(id)
			if covered <= at {
				b.t.Errorf("%s: at %d came the gap %s", query, at, m.data)
			}
			continue
		}
		id, _ := strconv.ParseUint(m.id, 10, 64)
		next := ircbus.ID(id)
		if next <= at || next > at+1 && covered < next-1 && !(next == last && at == last-2) {
			b.t.Errorf("%s: after %d came %d, a gap was told up to %d", query, at, next, covered)
		}
		at = next
	}
}

// A feed that wants all items before the first ends early rather than be large.
func TestLargeFeed(t *testing.T) {
	b := startBus(t, nil)
	comment := strings.Repeat("long ", 2000)
	for range 150 {
		b.publish("page=A&comment=" + comment)
	}
	a := b.get("/changes?format=rss&limit=1000")
	n := strings.Count(string(a.body), "<item ")
	if n < 90 || n > 120 || !strings.Contains(a.header.Get("Link"), fmt.Sprintf("until=%s-%d>", b.store.Epoch(), 150-n)) || len(a.body) > 2*wholeSize {
		t.Errorf("%d bytes, %d items, Link %q", len(a.body), n, a.header.Get("Link"))
	}
	if items := strings.Count(string(a.body), "<rdf:li "); items != n {
		t.Errorf("%d items are listed, %d are there", items, n)
	}
}

func TestCrowded(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	for path, crowd := range map[string]*ircbus.Crowd{"/stream": b.api.readers, "/changes?wait=60&after=1": b.api.readers, "/changes?channel=moinmaster?page=A": b.api.searchers} {
		for range MaxPerHost { // the smallest limit is met before
			crowd.Enter(netip.MustParseAddr("192.0.2.1"))
		}
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = "192.0.2.1:1234"
		w := httptest.NewRecorder()
		b.api.ServeHTTP(w, r)
		if w.Code != 429 || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "your address") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// A filter that costs much ends its page early, whatever the log's size still
// allows, and the pages together are the whole answer.
func TestCaseA1(t *testing.T) {
	const events = 24
	for name, one := range map[string]struct{ comment, filter string }{
		"long pattern":  {strings.Repeat("a", 8000), "comment=*" + strings.Repeat("a", 100) + "b*"},
		"many patterns": {strings.Repeat("plain text ", 700), strings.Repeat("comment=*N_*&", 9) + "comment=*N_*"},
		"any character": {strings.Repeat("a", 8000), "comment=*" + strings.Repeat("a?", 40) + "b*"},
		"other letters": {strings.Repeat("Ж", 4000), "comment=*x*"},
	} {
		for _, format := range []string{"json", "rss"} {
			t.Run(name+"/"+format, func(t *testing.T) {
				b := startBus(t, nil)
				batch := make([]string, events)
				for i := range batch {
					batch[i] = "page=A&comment=" + url.QueryEscape(one.comment)
				}
				b.publish(batch...)
				b.publish("page=A&comment=" + url.QueryEscape(one.comment+"bN_x"))
				b.api.searchBytes = events * 8_000
				view := url.QueryEscape("moinmaster?" + one.filter)
				pages, found := 0, 0
				for path := "/changes?limit=5&format=" + format + "&channel=" + view; path != ""; pages++ {
					a := b.get(path)
					found += strings.Count(string(a.body), "bN_x")
					path = nextOf(t, a)
				}
				if found == 0 || pages < 2 {
					t.Errorf("%d found in %d pages", found, pages)
				}
				b.api.searchBytes = searchBytes
				if next := nextOf(t, b.get("/changes?format="+format+"&channel="+view)); next != "" {
					t.Errorf("a log so small takes more than a page")
				}
			})
		}
	}
}

// nextOf is the address of the next page, from the header that every format has.
func nextOf(t *testing.T, a answer) string {
	t.Helper()
	link, _, ok := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<"), ">")
	if !ok {
		return ""
	}
	next, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	return next.RequestURI()
}

// While one network's searches have their turns and many more of them wait,
// somebody else's search is answered.
func TestCaseA1Neighbours(t *testing.T) {
	b := startBus(t, nil)
	for i := range 20 {
		from := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		go func() { // holds its turn, if it gets one, until the test ends
			if done, err := b.api.searches.Take(t.Context(), from); err == nil {
				<-t.Context().Done()
				done()
			}
		}()
	}
	done, err := b.api.search(t.Context(), netip.MustParseAddr("198.51.100.7"))
	if err != nil {
		t.Fatal(err)
	}
	done()
}
