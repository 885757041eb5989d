package poll

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// TestFeeds: what other feeds than the recorded ones do.
func TestFeeds(t *testing.T) {
	for _, test := range []struct{ name, feed, want string }{
		{"RSS 0.91, Latin-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><rss version=\"0.91\"><channel><item><title>Caf\xe9</title><link>http://x/1</link></item></channel></rss>",
			"wiki=w&page=Café&url=http://x/1&key=http://x/1"},
		{"RSS 0.90, EUC-KR", "<?xml version=\"1.0\" encoding=\"euc-kr\"?><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://my.netscape.com/rdf/simple/0.9/\"><item><title>\xb0\xa1</title></item></rdf:RDF>",
			"wiki=w&page=가&key=가"},
		{"says UTF-8 and is not, with an & and a control code", "<rss><channel><item><title>Caf\xe9 & \x03Bar &nbsp;</title></item></channel></rss>",
			"wiki=w&page=Café+%26+Bar&key=09f377bbc0d37e6ae832a1f8420b64036c57bea6"},
		{"UTF-16", "\xff\xfe<\x00r\x00s\x00s\x00>\x00<\x00i\x00t\x00e\x00m\x00>\x00<\x00t\x00i\x00t\x00l\x00e\x00>\x00\xd0\x05<\x00/\x00t\x00i\x00t\x00l\x00e\x00>\x00<\x00/\x00i\x00t\x00e\x00m\x00>\x00<\x00/\x00r\x00s\x00s\x00>\x00",
			"wiki=w&page=א&key=א"},
		{"RSS 2.0 with the module, HTML, an author's address",
			`<rss xmlns:wiki="http://purl.org/rss/1.0/modules/wiki/"><channel><item><title>A</title><guid>g</guid><author>ann@x (Ann)</author><pubDate>Fri, 30 Nov 2018 14:06:20 EST</pubDate>` +
				`<description>&lt;p&gt;a &amp;amp; b&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;c&lt;br&gt;d</description><wiki:status>deleted</wiki:status><wiki:importance>minor</wiki:importance><wiki:version>7</wiki:version>` +
				`<wiki:history>h</wiki:history><wiki:diff>d</wiki:diff><media:title xmlns:media="urn:x">not this</media:title></item></channel></rss>`,
			"wiki=w&page=A&action=SAVE/DELETE&user=Ann&time=2018-11-30T19:06:20.000000Z&comment=a+%26+b+c+d&rev=7&oldrev=6&diff=d&history=h&minor=1&guid=g&title=not+this&key=a603d66d74cfb9b8feb67ee5f3816eb153fa071a"},
		{"Atom", `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>i</id><title>A</title><link rel="self" href="s"/><link href="l"/><published>2020-01-01T00:00:00Z</published>` +
			`<updated>2021-01-01T00:00:00+01:00</updated><author><name>Ann</name><uri>u</uri></author><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">x <b>y</b></div></content></entry></feed>`,
			"wiki=w&page=A&user=Ann&time=2020-12-31T23:00:00.000000Z&comment=x+y&url=l&key=i+2021-01-01T00:00:00%2B01:00"},
		{"other words", `<rss><item><title>A</title><link>l</link><guid>l</guid><category>x</category><category>y</category><enclosure url="u"/><key>k</key></item></rss>`,
			"wiki=w&page=A&url=l&category=x&category=y&key_=k&key=l"},
		{"DokuWiki", `<rss><channel><item><title>ns:start - typo</title><link>http://x/doku.php?id=ns:start&amp;rev=1795662802&amp;do=diff</link></item></channel></rss>`,
			"wiki=w&page=ns:start&rev=1795662802&diff=http://x/doku.php?id=ns:start%26rev=1795662802%26do=diff&title=ns:start+-+typo&key=http://x/doku.php?id=ns:start%26rev=1795662802%26do=diff"},
		{"the same twice within a second", `<rss><channel><item><title>A</title><pubDate>x</pubDate></item><item><title>A</title><pubDate>x</pubDate></item></channel></rss>`,
			"wiki=w&page=A&time_=x&key=A+x\nwiki=w&page=A&time_=x&key=75aba443e84dcb194b9124d717a9b06bd6ce2567"},
		{"a long description", `<rss><channel><item><title>A</title><description>` + strings.Repeat("long ", 300) + `</description></item></channel></rss>`,
			"wiki=w&page=A&comment=" + strings.Repeat("long+", 199) + "lo…&cut=comment&key=A"},
		{"MoinMoin without words", `<rss xmlns:wiki="http://purl.org/rss/1.0/modules/wiki/"><channel><item><title>A</title><description>Attachment 'x' deleted.</description><wiki:version>1795662556042200</wiki:version></item></channel></rss>`,
			"wiki=w&page=A&action=ATTDEL&time=2026-11-26T03:09:16.042200Z&attach_name=x&key=rss+1795662556042200+A"},
	} {
		a, err := (&feed{wiki: "w"}).read([]byte(test.feed))
		if err != nil || len(a.refused) > 0 {
			t.Errorf("%s: %v, %+v", test.name, err, a)
			continue
		}
		if diff := cmp.Diff(test.want+"\n", lines(t, a.changes)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// TestBrokenFeeds: what is no feed is an error; of a feed that breaks off, the
// items before count.
func TestBrokenFeeds(t *testing.T) {
	f := &feed{wiki: "w"}
	for _, text := range []string{
		"", "x", "<html></html>", "<rss>", "<?xml version='1.0' encoding='none-such'?><rss/>", "<?xml version='1.0' encoding='replacement'?><rss/>",
		"<rss><item><title>A", strings.Repeat("<a>", 100_000),
	} {
		if a, err := f.read([]byte(text)); err == nil {
			t.Errorf("%.60s: %+v", text, a)
		}
	}
	a, err := f.read([]byte("<rss><channel><item><title>A</title></item><item><title>B"))
	if err != nil || len(a.changes) != 1 || len(a.refused) != 1 {
		t.Errorf("%v, %+v", err, a)
	}
	many, err := f.read([]byte("<rss>" + strings.Repeat("<item><title>A</title></item>", maxEntries+1) + "</rss>"))
	if err != nil || len(many.changes) != maxEntries || len(many.refused) != 1 {
		t.Errorf("%v, %d items", err, len(many.changes))
	}
	big := "<rss><item><title>A</title>" + strings.Repeat("<x>", 2*maxDepth) + strings.Repeat("</x>", 2*maxDepth) + strings.Repeat("<y/>", 2*maxNodes) +
		"<description>" + strings.Repeat("ש", maxText) + "</description></item></rss>"
	if a, err := f.read([]byte(big)); err != nil || len(a.changes) != 1 || a.changes[0].fields.Get("page") != "A" {
		t.Errorf("%v, %+v", err, a)
	}
}

// TestWikiRPC: a fault brings about another question; who answers neither has
// said why.
func TestWikiRPC(t *testing.T) {
	w := &wikiRPC{wiki: "w", method: methods[0]}
	fault := recorded(t, "moin-fault.xml")
	_, err := w.read(fault)
	if _, ok := errors.AsType[*again](err); !ok || w.method != "wiki.getRecentChanges" {
		t.Errorf("%v, %s", err, w.method)
	}
	if _, err = w.read(fault); err == nil || err.Error() != "fault 1: No such method: wiki_getRecentChanges." {
		t.Errorf("%v", err)
	}
	doku := &wikiRPC{wiki: "w", doku: true}
	if a, err := doku.read(recorded(t, "dokuwiki-none.xml")); err != nil || len(a.changes) != 0 {
		t.Errorf("%v, %v", err, a)
	}
	now := time.Unix(1_795_662_800, 0)
	for _, test := range []struct {
		w    *wikiRPC
		p    place
		want string
	}{
		{w, place{}, "<dateTime.iso8601>20261125T03:13:20</dateTime.iso8601>"},
		{w, place{Known: true, Newest: 1_795_662_700}, "<dateTime.iso8601>20261126T03:06:40</dateTime.iso8601>"},
		{doku, place{Known: true, Newest: 1_895_662_700}, "<int>1795662500</int>"}, // from the future
	} {
		if q := test.w.question(&test.p, test.w.since(&test.p, now), ""); !strings.Contains(string(q.body), test.want) {
			t.Errorf("%s, want %s", q.body, test.want)
		}
	}
	for _, text := range []string{"", "<html/>", "<methodResponse><params><param><value>x</value></param></params></methodResponse>"} {
		if a, err := w.read([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, a)
		}
	}
}

func TestDate(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-26T03:09:24Z": "2026-11-26T03:09:24Z", "2026-11-26T03:09:24.5+02:00": "2026-11-26T01:09:24.5Z", "2026-11-26T03:09+00:00": "2026-11-26T03:09:00Z",
		"2004-12-12T13:25:27": "2004-12-12T13:25:27Z", "2026-11-26": "2026-11-26T00:00:00Z", "20261126T03:09:24": "2026-11-26T03:09:24Z", "2026-11-26T03:13:21+00:00": "2026-11-26T03:13:21Z",
		"Thu, 26 Nov 2026 03:09:40 GMT": "2026-11-26T03:09:40Z", "26 Nov 26 03:09 PDT": "2026-11-26T10:09:00Z", " Thu,  6 Nov 2026 03:09:40 +0100 ": "2026-11-06T02:09:40Z",
		"": "", "yesterday": "", "0001-01-01": "", "2026-13-26": "",
	} {
		got := ""
		if at, ok := parseDate(text); ok {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// check finds out whether the bus takes what was read, and whether it can be told
// apart.
func check(t *testing.T, a *answer) {
	t.Helper()
	keys := make(map[string]bool)
	for i, c := range a.changes {
		if _, err := ircbus.Accept(c.fields, 0); err != nil {
			t.Errorf("%v: %v", err, c.fields)
		}
		if key := c.key(); key == "" || keys[key] {
			t.Errorf("the key %q is not that of this change alone", key)
		} else {
			keys[key] = true
		}
		if i > 0 && c.at.Before(a.changes[i-1].at) {
			t.Error("they are not in the order of their times")
		}
	}
}

func FuzzFeed(f *testing.F) {
	for _, name := range []string{"moin.rdf", "usemod.rdf", "mediawiki.rss", "mediawiki.atom"} {
		f.Add(recorded(f, name))
	}
	f.Add([]byte("<?xml version='1.0' encoding='latin1'?><rss><item><title>A & B</title><link>?diff=1&oldid=2</link></item>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if a, err := (&feed{wiki: "w"}).read(body); err == nil {
			check(t, a)
		}
	})
}

func FuzzWikiRPC(f *testing.F) {
	for _, name := range []string{"moin-wikirpc1.xml", "moin-wikirpc2.xml", "dokuwiki.xml", "dokuwiki-none.xml", "moin-fault.xml"} {
		f.Add(recorded(f, name), name == "moin-wikirpc1.xml", name == "dokuwiki.xml")
	}
	f.Fuzz(func(t *testing.T, body []byte, quoted, doku bool) {
		if a, err := (&wikiRPC{wiki: "w", quoted: quoted, doku: doku, tried: true}).read(body); err == nil {
			check(t, a)
		}
	})
}

func FuzzDate(f *testing.F) {
	f.Add("Thu, 26 Nov 2026 03:09:40 GMT")
	f.Add("2026-11-26T03:09+00:00")
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := parseDate(text); ok {
			if _, err := time.Parse(ircbus.TimeLayout, ircbus.FormatTime(at)); err != nil {
				t.Errorf("%q became %v: %v", text, at, err)
			}
		}
	})
}
