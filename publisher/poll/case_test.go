package poll

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus/publisher/door"
)

// TestCaseC12: addresses are made absolute, a guid is one unless it says otherwise, and
// a description is enough.
func TestCaseC12(t *testing.T) {
	const atom = `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="http://base.example/w/"><entry%s><title>A</title>%s</entry></feed>`
	const rss = `<rss><channel><link>http://x/</link><item>%s</item></channel></rss>`
	for _, test := range []struct{ feed, url string }{
		{fmt.Sprintf(atom, "", `<link href="rel/path"/>`), "http://base.example/w/rel/path"},
		{fmt.Sprintf(atom, ` xml:base="e/"`, `<link href="rel"/>`), "http://base.example/w/e/rel"},
		{fmt.Sprintf(atom, ` xml:base="e/"`, `<link xml:base="http://other.example/" href="/rel?a=b#c"/>`), "http://other.example/rel?a=b#c"},
		{fmt.Sprintf(atom, "", `<link rel="self" href="no"/><link rel="http://www.iana.org/assignments/relation/alternate" href="yes"/>`), "http://base.example/w/yes"},
		{fmt.Sprintf(rss, `<title>A</title><link>p?x=1</link>`), "http://feed.example/dir/p?x=1"},
		{fmt.Sprintf(rss, `<title>A</title><link>//other.example/p</link>`), "http://other.example/p"},
		{fmt.Sprintf(rss, `<guid>https://x.example/1</guid>`), "https://x.example/1"},
		{fmt.Sprintf(rss, `<title>A</title><guid isPermaLink="true">http://x.example/1</guid>`), "http://x.example/1"},
		{fmt.Sprintf(rss, `<title>A</title><guid isPermaLink="false">http://x.example/1</guid>`), ""},
		{fmt.Sprintf(rss, `<title>A</title><guid>tag:x</guid>`), ""},
		{fmt.Sprintf(rss, `<title>A</title><link/><guid>http://x.example/1</guid>`), "http://x.example/1"},
		{fmt.Sprintf(rss, `<title>A</title><link>mailto:a@b</link>`), "mailto:a@b"},
		{fmt.Sprintf(rss, `<description>alone &lt;b&gt;said&lt;/b&gt;</description>`), ""},
	} {
		a, err := (&feed{wiki: "w", address: "http://feed.example/dir/feed.xml"}).read([]byte(test.feed))
		if err != nil || len(a.refused) > 0 || len(a.changes) != 1 {
			t.Errorf("%s: %v, %+v", test.feed, err, a)
			continue
		}
		f := a.changes[0].fields
		if got := f.Get("url"); got != test.url {
			t.Errorf("%s: %q, want %q", test.feed, got, test.url)
		}
		if strings.Contains(test.feed, "alone") && (f.Get("comment") != "alone said" || f.Get("text") != "alone said") {
			t.Errorf("%s", f.Encode())
		}
	}
}

// TestCaseC14: a feed is in the charset of its answer, of its declaration, or without a
// word in windows-1252.
func TestCaseC14(t *testing.T) {
	contentType, text := "", ""
	w := newWiki(t, "feed", func(out http.ResponseWriter, _ *http.Request, _ []edit) {
		out.Header().Set("Content-Type", contentType)
		io.WriteString(out, text)
	})
	items := ""
	for i, test := range [][3]string{
		{"text/xml", "", "first"}, // what is there at first is not published
		{"text/xml", `<?xml version="1.0" encoding="windows-1252"?>`, "\x80 \x93q\x94"}, {"text/xml", `<?xml version="1.0" encoding="iso-8859-1"?>`, "\x80 \x93q\x94"},
		{"text/xml; charset=windows-1252", `<?xml version="1.0" encoding="utf-8"?>`, "\x80 \x93q\x94"}, {"text/xml", "", "\x80 \x93q\x94"}, {"text/xml", "\xef\xbb\xbf", "€ “q”"},
	} {
		item := fmt.Sprintf("<item><guid>g%d</guid><title>%s</title></item>", i, test[2])
		contentType, text = test[0], test[1]+"<rss>"+items+item+"</rss>"
		w.must()
		items += fmt.Sprintf("<item><guid>g%d</guid><title>known</title></item>", i)
	}
	events := w.events()
	for _, e := range events {
		if got := e.Fields.Get("page"); got != "€ “q”" {
			t.Errorf("%q", got)
		}
	}
	if len(events) != 5 {
		t.Errorf("%d events", len(events))
	}
}

// TestCaseC13: what a feed dates back is published once, and a feed that grows
// backwards is a gap.
func TestCaseC13(t *testing.T) {
	items := ""
	w := newWiki(t, "feed", func(out http.ResponseWriter, _ *http.Request, _ []edit) { io.WriteString(out, "<rss>"+items+"</rss>") })
	add := func(id string, at time.Time) {
		items += fmt.Sprintf("<item><guid>%s</guid><title>%[1]s</title><pubDate>%s</pubDate></item>", id, at.Format(time.RFC3339))
	}
	add("first", epoch)
	add("second", epoch.Add(time.Hour))
	w.must()
	add("dated back", epoch.Add(-24*time.Hour))
	w.must()
	w.must()
	if r := w.in.Report(); r.Stored != 1 || r.Duplicates != 0 || r.Dropped[door.Gap] != 0 || w.events()[0].Fields.Get("page") != "dated back" {
		t.Errorf("%+v", r)
	}
	for i := range 50 {
		add(fmt.Sprint("old ", i), epoch.Add(-48*time.Hour-time.Duration(i)*time.Hour))
	}
	w.must()
	w.must()
	if r := w.in.Report(); r.Stored != minFull || r.Dropped[door.Gap] != 1 {
		t.Errorf("%+v", r)
	}
	if last := w.events()[minFull-1].Fields.Get("page"); last != "old 0" {
		t.Errorf("the newest of the older ones is not there, but %q", last)
	}
	add("new", epoch.Add(2*time.Hour))
	w.must()
	if r := w.in.Report(); r.Stored != minFull+1 || r.Dropped[door.Gap] != 1 {
		t.Errorf("%+v", r)
	}
}
