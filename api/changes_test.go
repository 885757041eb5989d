package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/ircbus/ircbus"
)

// pages follows next from page to page.
func pages(b *bus, path string) (all []ircbus.ID, n int) {
	b.t.Helper()
	for {
		c := b.changes(path)
		all, n = append(all, ids(c.Events)...), n+1
		if c.Next == nil {
			return all, n
		}
		path = *c.Next
	}
}

func TestChangesPages(t *testing.T) {
	b := startBus(t, nil)
	for i := range 23 {
		b.publish(fmt.Sprintf("page=P%d&n=%d", i, i%2))
	}
	var want []ircbus.ID
	for _, e := range b.changes("/?action=changes&limit=100").Events {
		want = append(want, e.ID)
	}
	if len(want) != 23 || !slices.IsSorted(want) {
		t.Fatalf("got ids %v", want)
	}
	back := slices.Clone(want)
	slices.Reverse(back)
	for _, test := range []struct {
		query string
		want  []ircbus.ID
		pages int
	}{
		{"limit=7", want, 4},
		{"limit=23", want, 1},
		{"limit=22", want, 2},
		{"limit=7&order=desc", back, 4},
		{"limit=1&order=desc", back, 23},
		{fmt.Sprintf("limit=2&after=%d&until=%d", want[3], want[8]), want[4:9], 3},
		{fmt.Sprintf("limit=2&order=desc&after=%d&until=%d", want[3], want[8]), back[14:19], 3},
		{"limit=3&channel=moinmaster?n=1", []ircbus.ID{want[1], want[3], want[5], want[7], want[9], want[11], want[13], want[15], want[17], want[19], want[21]}, 4},
		{"after=0&until=0", nil, 1},
		{"after=9999&until=9999", nil, 1},
	} {
		got, n := pages(b, "/changes?"+test.query)
		if diff := cmp.Diff(test.want, got); diff != "" || n != test.pages {
			t.Errorf("%s: %d pages, want %d; %s", test.query, n, test.pages, diff)
		}
	}
}

// A page of several chunks streams; what follows it is still known at its start.
func TestChangesLargePage(t *testing.T) {
	b := startBus(t, nil)
	long := strings.Repeat("פ", 7000)
	for i := range 100 {
		b.publish(fmt.Sprintf("page=P%d&comment=%s", i, long))
	}
	for _, order := range []string{"asc", "desc"} {
		all, n := pages(b, "/changes?limit=60&order="+order)
		if order == "desc" {
			slices.Reverse(all)
		}
		if len(slices.Compact(all)) != 100 || !slices.IsSorted(all) || n != 2 {
			t.Errorf("%s: %d pages with %v", order, n, all)
		}
	}
	for _, format := range []string{"xml", "ndjson", "csv", "qs", "rss", "atom"} {
		a := b.get("/changes?limit=100&format=" + format)
		if n := bytes.Count(a.body, []byte("P99")); a.status != 200 || n == 0 || len(a.body) < chunkSize {
			t.Errorf("%s: %d, %d bytes", format, a.status, len(a.body))
		}
	}
	if a := b.do("HEAD", "/changes?limit=60", nil); a.status != 200 || len(a.body) != 0 || !strings.Contains(a.header.Get("Link"), `rel="next"`) {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
}

func TestChangesChannels(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A", "page=Bad+One&user=x")
	b.publishIn("enwiki", "#enwiki", "page=C")
	b.publishIn("moinmaster", "#antispam", "page=D")
	b.publishIn("formerly", "#gone", "page=E")
	for query, want := range map[string]string{
		"":                                               "A Bad One C D E",
		"channel=%23moinmaster":                          "A Bad One",
		"channel=moinmaster":                             "A Bad One",
		"channel=MOINMASTER.text":                        "A Bad One",
		"channel=en.wikipedia&channel=antispam":          "C D",
		"channel=moinmaster%3Fpage%3Dbad%2Bone":          "Bad One",
		"channel=moinmaster.text?page=Bad+*%26user=x":    "Bad One",
		"channel=moinmaster?page=A&channel=enwiki":       "A C",
		"channel=gone":                                   "E",
		"channel=moinmaster?page=!Bad*&channel=antispam": "A D",
	} {
		var got []string
		for _, e := range b.changes("/changes?" + query).Events {
			got = append(got, e.Fields.Get("page"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", query, got, want)
		}
	}
	p := problem(t, b.get("/changes?channel=nowhere"), 404)
	if p.Parameter != "channel" || !strings.Contains(p.Detail, "#nowhere") {
		t.Errorf("unknown channel: %+v", p)
	}
}

func TestChangesTimes(t *testing.T) {
	b := startBus(t, nil)
	r := b.publish("page=A", "page=B")
	later := b.publish("page=C")[0]
	at := func(r ircbus.Receipt) string { return ircbus.FormatTime(r.At) }
	micros := fmt.Sprint(later.At.UnixMicro())
	for query, want := range map[string]int{
		"from=-1h": 3, "from=-1h&to=now": 3, "to=-1h": 0,
		"from=" + at(r[0]): 3, "from=" + micros: 1, "to=" + micros: 2,
		"from=" + at(r[0]) + "&to=" + at(later): 2, "from=now": 0,
		"from=20200101000000&to=21000101000000": 3, "from=1600000000": 3,
		"from=0001-01-01T00:00:00Z": 3, "to=0001-01-01T00:00:00Z": 0, "from=9999-12-31T23:59:59Z": 0, "to=-1h&wait=60": 0,
		"from=2020-01-01T00:00:00%2B02:00": 3, "from=2020-01-01T00:00:00+02:00": 3,
	} {
		if c := b.changes("/changes?" + query); len(c.Events) != want || c.Gap || c.Head != later.ID {
			t.Errorf("%s: got %v", query, c)
		}
	}
}

func TestChangesExtremes(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A", "page=B")
	for query, want := range map[string]struct {
		events int
		gap    bool
	}{
		"after=0":                    {2, false},
		"after=18446744073709551615": {0, true}, // a cursor of another bus
		"after=9223372036854775807":  {0, true},
		"after=3":                    {0, true},
		"after=2":                    {0, false},
		"until=18446744073709551615": {2, false},
		"until=9223372036854775808":  {2, false},
		"until=0":                    {0, false},
		"after=18446744073709551615&until=18446744073709551615&order=desc": {0, true},
		"after=0&until=0&wait=60":           {0, false},
		"order=desc&until=1":                {1, false},
		"order=desc&until=0":                {0, false},
		"order=desc&after=1&until=1":        {0, false},
		"order=desc&after=1&until=2":        {1, false},
		"until=18446744073709551615&from=0": {2, false},
	} {
		if c := b.changes("/changes?" + query); len(c.Events) != want.events || c.Gap != want.gap || c.Next != nil || c.Head != 2 {
			t.Errorf("%s: got %+v", query, c)
		}
	}
}

func TestChangesFills(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A+B&rev=3")
	fields := b.changes("/changes").Events[0].Fields
	if got := fields.Get("url") + " " + fields.Get("diff"); got != "https://moin.example/A%20B https://moin.example/A%20B?action=diff&rev=3" {
		t.Errorf("filled: %s", got)
	}
	if a := b.get("/changes?format=qs"); !strings.HasPrefix(string(a.body), "id=1&page=A+B&") || strings.Contains(string(a.body), "https:") {
		t.Errorf("qs: %s", a.body)
	}
}

func TestChangesNegotiates(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A")
	for accept, want := range map[string]string{
		"":                         "application/xml; charset=utf-8",
		"*/*":                      "application/xml; charset=utf-8",
		"application/json":         "application/json",
		"text/csv;q=0.5, text/xml": "application/xml; charset=utf-8",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "application/xml; charset=utf-8",
		"application/x-ndjson, */*":                                       "application/x-ndjson",
		"application/xml;q=0, application/*;q=0.5":                        "application/json",
		"text/plain":           "text/plain; charset=utf-8",
		"application/atom+xml": "application/atom+xml; charset=utf-8",
		"image/png":            "application/xml; charset=utf-8",
		"text/csv;q=nonsense,,;;,application/json": "application/json",
	} {
		if got := b.get("/changes", "Accept", accept).header.Get("Content-Type"); got != want {
			t.Errorf("Accept %q: got %q, want %q", accept, got, want)
		}
	}
}

func TestChangesCompresses(t *testing.T) {
	b := startBus(t, nil)
	for i := range 300 {
		b.publish(fmt.Sprintf("page=P%d&comment=%s", i, strings.Repeat("word ", 300)))
	}
	for _, limit := range []int{50, 300} { // one chunk, several
		path := fmt.Sprintf("/changes?until=300&limit=%d", limit)
		plain := b.get(path)
		for accept, coding := range map[string]string{
			"gzip": "gzip", "gzip, zstd": "zstd", "zstd;q=0.1, gzip;q=0.5": "gzip", "*": "zstd", "br": "",
			"gzip;q=0": "", "zstd;q=0, *": "gzip",
		} {
			a := b.get(path, "Accept-Encoding", accept)
			if got := a.header.Get("Content-Encoding"); got != coding {
				t.Errorf("Accept-Encoding %q: got %q, want %q", accept, got, coding)
			}
			if got := unpack(t, a); !bytes.Equal(got, plain.body) {
				t.Errorf("Accept-Encoding %q: unpacked %d bytes, want %d", accept, len(got), len(plain.body))
			}
		}
	}
}

func unpack(t *testing.T, a answer) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(a.body)
	var err error
	switch a.header.Get("Content-Encoding") {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(r); err == nil {
			defer z.Close()
			r = z
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestChangesETag(t *testing.T) {
	b := startBus(t, nil)
	b.publish("page=A", "page=B", "page=C")
	last := b.publish("page=D")[0]
	for _, query := range []string{"until=2", "until=4&format=csv", "to=" + ircbus.FormatTime(last.At)} {
		first := b.get("/changes?" + query)
		tag := first.header.Get("ETag")
		if tag == "" {
			t.Errorf("%s has no ETag", query)
			continue
		}
		b.publish("page=More")
		again := b.get("/changes?"+query, "If-None-Match", `"x", `+tag)
		if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("ETag") != tag {
			t.Errorf("%s: got %d %v", query, again.status, again.header)
		}
	}
	tags := map[string]bool{}
	for _, query := range []string{"until=2", "until=3", "until=2&format=json", "until=2&order=desc", "until=2&channel=moinmaster"} {
		tags[b.get("/changes?"+query).header.Get("ETag")] = true
	}
	if len(tags) != 5 {
		t.Errorf("different answers share a tag: %v", tags)
	}
	for _, query := range []string{"", "until=1000", "from=-1h", "to=now"} {
		if tag := b.get("/changes?" + query).header.Get("ETag"); tag != "" {
			t.Errorf("%q can still change but has the tag %s", query, tag)
		}
	}
	tag := b.get("/changes?until=2").header.Get("ETag")
	b.retain("#moinmaster", 1)
	if a := b.get("/changes?until=2", "If-None-Match", tag); a.status != 200 {
		t.Errorf("after retention: %d", a.status)
	}
}

func TestChangesGap(t *testing.T) {
	b := startBus(t, nil)
	early := b.publish("page=A")[0]
	r := b.publish("page=B", "page=C", "page=D")
	b.publishIn("enwiki", "#enwiki", "page=X")
	b.retain("#moinmaster", 1)
	for query, gap := range map[string]bool{
		"after=0":                    true,
		"after=1":                    true,
		"after=3":                    false,
		"":                           false, // asked for what there is
		"after=0&channel=enwiki":     false,
		"after=0&channel=moinmaster": true,
		"from=-1h":                   true,
		"from=now":                   false,
		"from=" + ircbus.FormatTime(early.At) + "&channel=enwiki": false,
		"after=99": true, // not of this bus
		fmt.Sprintf("after=%d&from=%s", r[1].ID, ircbus.FormatTime(early.At)): false,
	} {
		c := b.changes("/changes?" + query)
		if c.Gap != gap || c.Oldest != 4 || c.Head != 5 {
			t.Errorf("%s: got %+v, want gap %t", query, c, gap)
		}
	}
	a := b.get("/changes?after=0&format=ndjson")
	if a.header.Get("Ircbus-Gap") != "true" || a.header.Get("Ircbus-Oldest") != "4" || a.header.Get("Ircbus-Head") != "5" {
		t.Errorf("headers: %v", a.header)
	}
	if a := b.get("/changes?after=0"); !strings.Contains(string(a.body), ` gap="true">`) {
		t.Errorf("xml: %s", a.body)
	}
}
