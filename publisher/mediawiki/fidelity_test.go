package mediawiki

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/readable"
)

// recordings are the recordings and the style that re-emits their lines: the Hebrew
// wiki's word for Special is in none of its JSON and XML packets.
var recordings = []struct{ name, style string }{{"capture-en", "mediawiki"}, {"capture-he", "mediawiki:מיוחד"}}

// lineOf is the line of a packet's event after the way through the bus: in packed
// form, so that nothing outside the event's fields can help.
func lineOf(t *testing.T, s *readable.Style, p packet) string {
	t.Helper()
	c, err := Parse([]byte(p.Packet))
	if err != nil {
		t.Fatalf("%s: packet %d: %v", p.Step, p.Seq, err)
	}
	accepted, err := ircbus.Accept(c.Fields, 0)
	if err != nil {
		t.Fatalf("%s: packet %d: %v", p.Step, p.Seq, err)
	}
	fields, err := ircbus.Parse(accepted.Encode())
	if err != nil {
		t.Fatalf("%s: packet %d: %v", p.Step, p.Seq, err)
	}
	return s.Line(&ircbus.Event{ID: 1, Fields: fields}, 1<<20)
}

// The style mediawiki makes MediaWiki's own line of the event of every JSON
// packet, byte for byte: no exceptions.
func TestLineOfJSONIsMediaWikis(t *testing.T) {
	for _, wiki := range recordings {
		compared, without := 0, 0
		s := style(t, wiki.style)
		for _, c := range changes(t, wiki.name) {
			irc, ok := c["irc"]
			if !ok {
				without++
				if line := lineOf(t, s, c["json"]); !strings.Contains(line, " — categorize by ") {
					t.Errorf("%s, packet %d: a category change is %q", wiki.name, c["json"].Seq, line)
				}
				continue
			}
			for _, feed := range []string{"json", "json-channel-filtered"} {
				if p, ok := c[feed]; ok {
					compared++
					if diff := cmp.Diff(strings.TrimSuffix(irc.Packet, "\n"), lineOf(t, s, p)); diff != "" {
						t.Errorf("%s, packet %d, %s (-MediaWiki +ours):\n%s", wiki.name, p.Seq, p.Step, diff)
					}
				}
			}
		}
		if compared < 250 || without != 5 {
			t.Errorf("%s: compared %d lines, %d changes without one", wiki.name, compared, without)
		}
	}
}

// The same of XML, with one exception: XML leaves a false flag out, so that a
// change that is not patrolled looks as if patrolling were off; its line lacks
// the "!" and the rcid.
func TestLineOfXMLIsMediaWikis(t *testing.T) {
	for _, wiki := range recordings {
		exceptions := 0
		s := style(t, wiki.style)
		for _, c := range changes(t, wiki.name) {
			irc, ok := c["irc"]
			if !ok {
				continue
			}
			want := strings.TrimSuffix(irc.Packet, "\n")
			if strings.Contains(c["json"].Packet, `"patrolled":false`) {
				exceptions++
				want = rcid.ReplaceAllString(strings.Replace(want, "\x034 !", "\x034 ", 1), "")
			}
			if diff := cmp.Diff(want, lineOf(t, s, c["xml"])); diff != "" {
				t.Errorf("%s, packet %d, %s (-MediaWiki +ours):\n%s", wiki.name, c["xml"].Seq, irc.Step, diff)
			}
		}
		if want := map[string]int{"capture-en": 8, "capture-he": 0}[wiki.name]; exceptions != want {
			t.Errorf("%s: %d exceptions, expected %d", wiki.name, exceptions, want)
		}
	}
}

// A line makes an event that makes the same line: no exceptions, not even the
// word for Special, which the event of a line keeps.
func TestLineRoundTrip(t *testing.T) {
	s := style(t, "mediawiki")
	for _, wiki := range recordings {
		for _, c := range changes(t, wiki.name) {
			for feed, prefix := range map[string]string{"irc": "", "irc-prefix": "#en.capture "} {
				p, ok := c[feed]
				if !ok {
					continue
				}
				want, hasPrefix := strings.CutPrefix(strings.TrimSuffix(p.Packet, "\n"), prefix)
				if !hasPrefix {
					t.Errorf("packet %d does not begin with %q", p.Seq, prefix)
				}
				if diff := cmp.Diff(want, lineOf(t, s, p)); diff != "" {
					t.Errorf("%s, packet %d, %s (-MediaWiki +ours):\n%s", wiki.name, p.Seq, p.Step, diff)
				}
			}
		}
	}
}

func style(t *testing.T, name string) *readable.Style {
	t.Helper()
	s, err := readable.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A line that is too long for IRC stays one of MediaWiki's: programs find the
// page and the address in it.
func TestShortenedLineIsStillMediaWikis(t *testing.T) {
	const max = 400
	shortened := 0
	for _, wiki := range recordings {
		s := style(t, wiki.style)
		for _, c := range changes(t, wiki.name) {
			irc, ok := c["irc"]
			if !ok || len(irc.Packet)-1 <= max {
				continue
			}
			shortened++
			parsed, err := Parse([]byte(c["json"].Packet))
			if err != nil {
				t.Fatal(err)
			}
			line := s.Line(&ircbus.Event{Fields: parsed.Fields}, max)
			again, err := Parse([]byte(line))
			if err != nil || len(line) > max || !strings.Contains(line, "…") {
				t.Errorf("%s: %v: %d bytes: %q", irc.Step, err, len(line), line)
				continue
			}
			for _, key := range []string{"page", "user", "rev", "rcid"} {
				// Without patrolling no line has the rcid.
				if want := parsed.Fields.Get(key); again.Fields.Get(key) != want && (key != "rcid" || parsed.Fields.Has("patrolled")) {
					t.Errorf("%s: %s is %q, was %q", irc.Step, key, again.Fields.Get(key), want)
				}
			}
		}
	}
	if shortened < 10 {
		t.Errorf("only %d lines had to be shortened", shortened)
	}
}
