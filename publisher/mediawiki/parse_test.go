package mediawiki

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

var rcid = regexp.MustCompile(`&rcid=[0-9]+`)

// XML and JSON of one change are one event, but for what XML cannot say: that a
// change is not patrolled where patrolling is on.
func TestJSONAndXMLAreTheSameEvent(t *testing.T) {
	for _, wiki := range recordings {
		for _, c := range changes(t, wiki.name) {
			fromJSON, err := Parse([]byte(c["json"].Packet))
			if err != nil {
				t.Fatal(err)
			}
			fromXML, err := Parse([]byte(c["xml"].Packet))
			if err != nil {
				t.Fatal(err)
			}
			fromJSON.Fields = slices.DeleteFunc(fromJSON.Fields, func(f ircbus.Field) bool { return f.Key == "patrolled" && f.Value == "0" })
			if diff := cmp.Diff(fromJSON, fromXML); diff != "" {
				t.Errorf("%s, %s (-JSON +XML):\n%s", wiki.name, c["json"].Step, diff)
			}
		}
	}
}

// Keys are there for every change of JSON and XML, and never twice.
func TestKeysAreUnique(t *testing.T) {
	for _, wiki := range recordings {
		seen := map[string]string{}
		for _, c := range changes(t, wiki.name) {
			parsed, err := Parse([]byte(c["json"].Packet))
			if err != nil {
				t.Fatal(err)
			}
			key := parsed.Fields.Get("key")
			if before, twice := seen[key]; twice || key == "" {
				t.Errorf("%s: the key of %s is %q as that of %q", wiki.name, c["json"].Step, key, before)
			}
			seen[key] = c["json"].Step
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, packet, want string }{
		{"edit", `{"id":42,"type":"edit","namespace":0,"title":"Caf\u00e9","title_url":"https://w.example/wiki/Caf%C3%A9","comment":"fix\ntypo","timestamp":1751328000,"user":"Alice","bot":false,"notify_url":"https://w.example/w/index.php?diff=8\u0026oldid=7","minor":true,"length":{"old":734,"new":740},"revision":{"old":7,"new":8},"server_url":"https://w.example","server_name":"w.example","server_script_path":"/w","wiki":"wexample"}`,
			"wiki=wexample&page=Café&action=SAVE&user=Alice&time=2025-07-01T00:00:00Z&comment=fix%0Atypo&rev=8&oldrev=7&size=740&oldsize=734&url=https://w.example/wiki/Caf%25C3%25A9&diff=https://w.example/w/index.php?diff=8%26oldid=7&ns=0&minor=1&rcid=42&server_url=https://w.example&server_script_path=/w&key=wexample:42"},
		{"new page, not patrolled, by a bot", `{"id":1,"type":"new","title":"A","user":"B","bot":true,"patrolled":false,"length":{"old":null,"new":0},"revision":{"old":0,"new":1},"server_name":"other.example","server_url":"https://w.example","wiki":"w"}`,
			"wiki=w&page=A&action=SAVENEW&user=B&rev=1&size=0&bot=1&patrolled=0&rcid=1&server_name=other.example&server_url=https://w.example&key=w:1"},
		{"log entry without id", `{"id":null,"type":"log","title":"A","log_id":5,"log_type":"patrol","log_action":"patrol","log_params":{"curid":"85","auto":0,"yes":true,"no":false,"list":[1,{"a b":2}]},"log_action_comment":"marked","wiki":"w"}`,
			"wiki=w&page=A&action=patrol/patrol&log_action_comment=marked&log_id=5&log_params.auto=0&log_params.curid=85&log_params.list=1&log_params.list.a_b=2&log_params.yes=1&key=w:log5"},
		{"no id at all", `{"type":"external","title":"A","log_params":[],"wiki":"w","key":"k","page":"p"}`,
			"wiki=w&page=A&action=external&key_=k&page_=p"},
		{"category", `{"id":9,"type":"categorize","title":"Category:A","namespace":14,"wiki":"w"}`,
			"wiki=w&page=Category:A&action=categorize&ns=14&rcid=9&key=w:9"},
		{"EventStreams", `{"$schema":"/mediawiki/recentchange/1.0.0","meta":{"id":"u","dt":"x"},"id":3,"type":"edit","title":"A","parsedcomment":"<b>","wiki":"w"}`,
			"wiki=w&page=A&action=SAVE&rcid=3&parsedcomment=<b>&key=w:3"},
		{"long name", `{"id":3,"type":"edit","wiki":"` + strings.Repeat("w", 64) + `"}`,
			"wiki=" + strings.Repeat("w", 64) + "&action=SAVE&rcid=3&key=436f24ef94297d0160f46d107280941b3a38bb40"},
		{"XML", "\n  <recentchange id=\"4\" type=\"edit\" title=\"A &amp; B\" comment=\"a&#10;b\" minor=\"\" wiki=\"w\">\n    <length old=\"1\" new=\"2\" />\n    <revision old=\"3\" new=\"4\" />\n  </recentchange>",
			"wiki=w&page=A+%26+B&action=SAVE&comment=a%0Ab&rev=4&oldrev=3&size=2&oldsize=1&minor=1&rcid=4&key=w:4"},
		{"XML with a feed's prefix", "#w \n#w   <recentchange id=\"4\" type=\"edit\" title=\"A\" wiki=\"w\">\n#w     <length old=\"1\" new=\"2\" />\n#w   </recentchange>\n",
			"wiki=w&page=A&action=SAVE&size=2&oldsize=1&rcid=4&key=w:4"},
		{"JSON with a feed's prefix", "#w {\"id\":4,\"type\":\"edit\",\"title\":\"A\",\"wiki\":\"v\"}\n",
			"wiki=v&page=A&action=SAVE&rcid=4&key=v:4"},
		{"line", "\x0314[[\x0307A\x0314]]\x034 !NMB\x0310 \x0302https://w.example/w/index.php?oldid=7&rcid=42\x03 \x035*\x03 \x0303B\x03 \x035*\x03 (+12) \x0310a &lt; b\x03\n",
			"page=A&action=SAVENEW&user=B&size=12&minor=1&bot=1&rev=7&rcid=42&server_url=https://w.example&server_script_path=/w&patrolled=0&comment=a+%26amp%3Blt%3B+b&key=:42"},
		{"line, TAB, interwiki prefix", "#en.wiki\t \x0314[[\x0303en:\x0307A\x0314]]\x034 \x0310 \x0302https://w.example/index.php?diff=8&oldid=7\x03 \x035*\x03 \x0303B\x03 \x035*\x03 (\x02-734\x02) \x0310\x03\n",
			"wiki=en.wiki&page=A&action=SAVE&user=B&sizediff=-734&rev=8&oldrev=7&server_url=https://w.example&server_script_path=/&interwiki=en&key=en.wiki:rev8"},
		{"line, TAB without blank, colour cut off, strange address", "#en\t\x0314[[\x0307A\x0314]]\x034 B\x0310 \x0302https://w.example/?a\x03 \x035*\x03 \x0303B\x03 \x035*\x03 (0) \x0310c",
			"wiki=en&page=A&action=SAVE&user=B&sizediff=0&bot=1&notify_url=https://w.example/?a&comment=c"},
		{"line of a log entry", "\x0314[[\x0303en:\x0307מיוחד:Log/delete\x0314]]\x034 delete\x0310 \x0302\x03 \x035*\x03 \x0303B\x03 \x035*\x03  \x0310deleted \"[[\x0302A\x0310]]\": spam\x03\n",
			"wiki=en&page=A&action=delete/delete&user=B&log_action_comment=deleted+\"[[A]]\":+spam&special=מיוחד&interwiki=en"},
	} {
		got, err := Parse([]byte(c.packet))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Fields.Encode()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestParseMalformed(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	for _, c := range []struct{ packet, want string }{
		{"", "neither JSON nor XML"},
		{"GET / HTTP/1.1\r\n", "neither JSON nor XML"},
		{"#prefix only", "neither JSON nor XML"},
		{`{"type":"edit"`, "ends in the middle, at byte 14"},
		{`{"type":"edit",}`, "broken JSON near byte"},
		{`{"type":"edit","wiki":"w"} {}`, "something follows"},
		{`{"type":"edit"}`, "which wiki"},
		{`{"wiki":"w"}`, "has no type"},
		{`{"type":"edit","wiki":"` + long + `"}`, "the wiki's name has 20000 bytes"},
		{strings.Repeat(`{"a":`, 100), "ends in the middle"},
		{`{"type":"edit","wiki":"w","comment":"` + strings.Repeat("x", maxPacket), "MediaWiki cuts packets"},
		{"<recentchange", "broken XML"},
		{"<rss/>", "not a <recentchange>"},
		{"<recentchange wiki='w'/>", "has no type"},
		{"<recentchange wiki='w' type='edit'/>x", "something follows"},
		{strings.Repeat("<recentchange>", 100), "nested more than 16 deep"},
		{"\x0314[[\x0307A\x0314]]\x034 X\x0310 \x0302\x03 \x035*\x03 \x0303B\x03 \x035*\x03 (0) \x0310c", "flags"},
	} {
		_, err := Parse([]byte(c.packet))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: the error is %v, it should say %q", c.packet, err, c.want)
		}
	}
}

// The largest packets that arrive whole become events within the bus's limits;
// those that MediaWiki cut are refused.
func TestParseOversize(t *testing.T) {
	for _, p := range recorded(t, "oversize") {
		c, err := Parse([]byte(p.Packet))
		if len(p.Packet) == 65507 {
			if err == nil {
				t.Errorf("a cut %s packet is accepted", p.Feed)
			}
			continue
		}
		if err != nil || c.Fields.Get("omitted") != "1" || c.Fields.Get("log_action_comment") != "big: size 65000" {
			t.Errorf("%s: %v, %v", p.Feed, c, err)
		}
	}
	var params []string
	for i := range 200 {
		params = append(params, fmt.Sprintf(`"p%d":"%s"`, i, strings.Repeat("v", 1+i)))
	}
	c, err := Parse([]byte(`{"wiki":"w","type":"log","log_params":{` + strings.Join(params, ",") + `}}`))
	if err != nil || len(c.Fields) > ircbus.MaxFields || c.Fields.Get("omitted") == "" {
		t.Errorf("%v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, wiki := range recordings {
		for i, c := range changes(f, wiki.name) {
			for _, p := range c {
				if i%8 == 0 {
					f.Add([]byte(p.Packet))
				}
			}
		}
	}
	for _, packet := range eventStreams(f) {
		f.Add(packet)
	}
	f.Add([]byte(`{"type":"edit","wiki":"w","title":"` + strings.Repeat("t", ircbus.MaxBody) + `"}`)) // does not fit
	f.Add([]byte("\x0314[[\x0307" + strings.Repeat("\xac", ircbus.MaxBody) + "\x0314]]\x034 N\x0310 \x0302u\x03 \x035*\x03 \x0303U\x03 \x035*\x03 (+1) \x0310c\x03"))
	f.Fuzz(func(t *testing.T, packet []byte) {
		c, err := Parse(packet)
		if err != nil {
			if c != nil {
				t.Errorf("an error and a change: %v", c)
			}
			return
		}
		if _, err := ircbus.Accept(c.Fields, 0); err != nil && !strings.Contains(err.Error(), "bytes, the limit") {
			t.Errorf("the bus refuses %q: %v", c.Fields, err)
		}
		if name := PublisherName(c.Wiki); ircbus.CheckName(name) != nil && c.Wiki != "" {
			t.Errorf("%q is called %q, which is no name", c.Wiki, name)
		}
	})
}

func TestPublisherName(t *testing.T) {
	for wiki, want := range map[string]string{
		"enwiki":                      "enwiki",
		"my-wiki_2":                   "my-wiki_2",
		"en.wikipedia":                "en-wikipedia",
		"my wiki/x":                   "my-wiki-x",
		"2wiki":                       "wiki-2wiki",
		"-x":                          "wiki--x",
		"ויקי":                        "wiki-db8a08ca",
		"ויקיx":                       "x-1d454218",
		strings.Repeat("long", 9):     "longlonglonglonglonglon-6b7c96ca",
		strings.Repeat("a", 31) + "é": "aaaaaaaaaaaaaaaaaaaaaaa-921e283b",
	} {
		got := PublisherName(wiki)
		if err := ircbus.CheckName(got); err != nil || got != want {
			t.Errorf("%q is called %q, not %q: %v", wiki, got, want, err)
		}
	}
}

// TestCaseC19: other streams of MediaWiki's than recentchange. The events are shortened
// from the examples of schemas.wikimedia.org.
func TestCaseC19(t *testing.T) {
	const meta = `"meta":{"domain":"en.wikipedia.org","dt":"2026-01-02T03:04:06Z","id":"u1","stream":"%s","uri":"https://en.wikipedia.org/wiki/A_b"}`
	for _, test := range [][2]string{
		{`{"$schema":"/mediawiki/revision/create/1.1.0","database":"enwiki","page_id":1,"page_title":"A_b","page_namespace":0,"rev_id":7,"rev_timestamp":"2026-01-02T03:04:05Z","rev_len":10,"rev_minor_edit":false,"performer":{"user_text":"Ann","user_is_bot":true},"comment":"c",` + strings.Replace(meta, "%s", "mediawiki.page-create", 1) + `}`,
			"wiki=enwiki&page=A+b&action=SAVENEW&user=Ann&time=2026-01-02T03:04:05.000000Z&comment=c&rev=7&size=10&url=https://en.wikipedia.org/wiki/A_b&ns=0&bot=1&stream=mediawiki.page-create&page_id=1&rev_timestamp=2026-01-02T03:04:05Z&key=enwiki:metau1"},
		{`{"wiki_id":"enwiki","changelog_kind":"update","page_change_kind":"edit","dt":"2026-01-02t03:04:05z","comment":"c","performer":{"user_text":"Ann"},"page":{"page_id":1,"page_title":"A_b","namespace_id":1},"revision":{"rev_id":8,"rev_parent_id":7,"rev_size":12,"is_minor_edit":true},"prior_state":{"revision":{"rev_size":10}},` + strings.Replace(meta, "%s", "mediawiki.page_change.v1", 1) + `}`,
			"wiki=enwiki&page=A+b&action=SAVE&user=Ann&time=2026-01-02T03:04:05.000000Z&comment=c&rev=8&oldrev=7&size=12&oldsize=10&url=https://en.wikipedia.org/wiki/A_b&ns=1&minor=1&stream=mediawiki.page_change.v1&changelog_kind=update&page_change_kind=edit&page.page_id=1&key=enwiki:metau1"},
		{`{"database":"enwiki","rev_id":8,"rev_parent_id":7,` + strings.Replace(meta, "%s", "mediawiki.revision-create", 1) + `}`,
			"wiki=enwiki&action=SAVE&time=2026-01-02T03:04:06.000000Z&rev=8&oldrev=7&url=https://en.wikipedia.org/wiki/A_b&stream=mediawiki.revision-create&key=enwiki:metau1"},
		{`{"database":"enwiki","page_title":"A","added_links":[{"link":"x"}],` + strings.Replace(meta, "%s", "mediawiki.page-links-change", 1) + `}`,
			"wiki=enwiki&page=A&action=page-links-change&time=2026-01-02T03:04:06.000000Z&url=https://en.wikipedia.org/wiki/A_b&stream=mediawiki.page-links-change&added_links.link=x&key=enwiki:metau1"},
	} {
		c, err := Parse([]byte(test[0]))
		if err != nil {
			t.Errorf("%s: %v", test[0], err)
			continue
		}
		fields, err := ircbus.Accept(c.Fields, 0)
		if err != nil || c.ServerURL != "https://en.wikipedia.org" || fields.Encode() != test[1] {
			t.Errorf("%v\n got %s\nwant %s", err, fields.Encode(), test[1])
		}
	}
}
