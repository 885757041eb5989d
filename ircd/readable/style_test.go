package readable

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func event(t testing.TB, query string) *ircbus.Event {
	t.Helper()
	fields, err := ircbus.Parse(query)
	if err != nil {
		t.Fatal(err)
	}
	return &ircbus.Event{ID: 7, Channel: "#moin", Publisher: "moin", Fields: fields}
}

func named(t testing.TB, name string) *Style {
	t.Helper()
	s, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ name, query, want string }{
		{"everything", "wiki=Moin&page=A page&action=SAVE&user=Ann&comment=typo&size=17&oldsize=10&minor=1&bot=1&url=https://w.example/A",
			"A page — SAVE by Ann (minor, bot, +7): typo https://w.example/A"},
		{"Hebrew", "page=פתיחה&action=SAVE&user=פלוני אלמוני&comment=typo&size=17&oldsize=10",
			"פתיחה — SAVE by פלוני אלמוני\u200E (+7): typo"},
		{"Hebrew without numbers", "page=פתיחה&action=SAVE&user=Ann&comment=שלום",
			"פתיחה — SAVE by Ann: שלום"},
		{"two Hebrew values", "page=פתיחה&action=SAVE&user=פלוני&comment=שלום", "פתיחה — SAVE by פלוני\u200E: שלום"},
		{"new page", "page=A&action=SAVENEW&user=Ann&size=5", "A — SAVENEW by Ann (+5)"},
		{"old size unknown", "page=A&action=SAVE&user=Ann&size=5&oldrev=3", "A — SAVE by Ann"},
		{"log entry", "page=A&action=move/move&user=Ann&comment=x&log_action_comment=moved %26quot;[[A]]%26quot;: x",
			`A — move/move by Ann: moved "[[A]]": x`},
		{"a commit", "project=ircbus&branch=main&action=commit&user=Ann&rev=4d13a58191923ea1cfbe538a865d5cdafdbf9149&comment=Fix it&files=a.go&insertions=10&deletions=2&url=https://x/4d13",
			"ircbus main 4d13a581 — commit by Ann (+10, -2): Fix it https://x/4d13"},
		{"a forced push", "project=ircbus&ref=refs/heads/main&branch=main&action=update&user=Ann&forced=1", "ircbus main — update by Ann (forced)"},
		{"a tag", "project=ircbus&ref=refs/tags/v1&tag=v1&action=create&user=Ann&rev=12", "ircbus v1 r12 — create by Ann"},
		{"an issue", "project=p&action=issues/opened&user=Ann&number=7&branch=main&comment=It fails&url=https://x/7", "p #7 — issues/opened by Ann: It fails https://x/7"},
		{"CVS", "project=psyced&module=psyced/place&action=commit&user=lynx&rev=1.2&files=tagesschau.c&files_changed=1&comment=new feed url",
			"psyced/place tagesschau.c — commit by lynx: new feed url"},
		{"many files", "project=p&module=m&action=commit&user=Ann&files=a&files=b&files=c&files=d&files_changed=9", "p/m a b c +6 — commit by Ann"},
		{"no page", "action=login&user=Ann", "login by Ann"},
		{"only a user", "user=Ann", "by Ann"},
		{"only a comment", "comment=the disk is full", "the disk is full"},
		{"text", "page=A&text=Ann has been here", "Ann has been here"},
		{"unknown fields", "repo=ircbus&ref=main&time=2026-11-20T10:00:00Z&key=1", "repo=ircbus ref=main"},
		{"nothing to show", "time=2026-11-20T10:00:00Z&a=", "time=2026-11-20T10:00:00Z&a="},
		{"diff rather than page", "page=A&action=SAVE&url=https://w/A&diff=https://w/A?diff=1", "A — SAVE https://w/A?diff=1"},
		{"line breaks and codes", "page=A%0AB&action=SAVE&comment=%02bold%0304red%00%0D%0Atwo", "A B — SAVE: \uFFFDbold\uFFFD04red\uFFFD two"},
		{"controls of direction", "page=A&comment=abc %E2%80%AErev%E2%80%AC", "A: abc rev"},
	} {
		if diff := cmp.Diff(c.want, named(t, "plain").Line(event(t, c.query), 400)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestColour(t *testing.T) {
	got := named(t, "colour").Line(event(t, "page=,5&action=SAVE&user=,5&comment=c&size=100&oldsize=700&url=https://w/A"), 400)
	commit := named(t, "colour").Line(event(t, "project=p&branch=b&action=commit&insertions=1&deletions=2"), 400)
	if diff := cmp.Diff("\x02p b\x02 — \x0307commit\x0F (\x0303+1\x0F, \x0304-2\x0F)", commit); diff != "" {
		t.Error(diff)
	}
	want := "\x02,5\x02 — \x0307SAVE\x0F by \x0310\x02\x02,5\x0F (\x02\x0304-600\x0F\x02): c \x0314https://w/A\x0F"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What MediaWiki's own tests do not show: events of others in its style.
func TestMediaWiki(t *testing.T) {
	const start, end = "\x0314[[\x0307", "\x03"
	for _, c := range []struct{ name, style, query, want string }{
		{"another wiki's edit", "mediawiki", "page=A&action=SAVE&user=B&comment=c&size=9&oldsize=600&minor=1&diff=https://w/A?diff",
			start + "A\x0314]]\x034 M\x0310 \x0302https://w/A?diff\x03 \x035*\x03 \x0303B\x03 \x035*\x03 (\x02-591\x02) \x0310c" + end},
		{"another wiki's action", "mediawiki", "page=A&action=ATTNEW&user=B",
			start + "A\x0314]]\x034 ATTNEW\x0310 \x0302\x03 \x035*\x03 \x0303B\x03 \x035*\x03  \x0310" + end},
		{"codes, also hidden in references", "mediawiki", "page=A%03B&action=SAVE&user=%26%233;1&comment=a%09b%0Dc%0Ad%26%2310;e%26%2302;",
			start + "A\uFFFDB\x0314]]\x034 \x0310 \x0302\x03 \x035*\x03 \x0303\uFFFD1\x03 \x035*\x03  \x0310a\tbc d e\uFFFD" + end},
		{"log entry", "mediawiki:Speciel", "page=A&action=move/move&user=B&log_action_comment=moved [[A]] to [[C]]",
			start + "Speciel:Log/move\x0314]]\x034 move\x0310 \x0302\x03 \x035*\x03 \x0303B\x03 \x035*\x03  \x0310moved [[\x0302A\x0310]] to [[C]]" + end},
		{"no change of a wiki", "mediawiki", "comment=the disk is full", "the disk is full"},
	} {
		if diff := cmp.Diff(c.want, named(t, c.style).Line(event(t, c.query), 400)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestNamedUnknown(t *testing.T) {
	for _, name := range []string{"", "Plain", "plain:x", "mediawiki:", "mediawiki:\x02"} {
		if _, err := Named(name); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestLineShortensTheCommentFirst(t *testing.T) {
	long := strings.Repeat("ש", 300)
	e := event(t, "page=A page&action=SAVE&user=Ann&size=9&oldsize=1&url=https://w.example/A&comment="+long)
	got := named(t, "plain").Line(e, 200)
	before, after := "A page — SAVE by Ann (+8): ", "… https://w.example/A"
	if !strings.HasPrefix(got, before) || !strings.HasSuffix(got, after) || len(got) > 200 || len(got) < 198 {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

func TestLineShortensTheLongestThen(t *testing.T) {
	long := strings.Repeat("p", 300)
	got := named(t, "plain").Line(event(t, "action=SAVE&user=Ann&url=https://w.example/A&comment=some words&page="+long), 100)
	if want := long[:56] + "… — SAVE by Ann: … https://w.example/A"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	got = named(t, "plain").Line(event(t, "page=A&action=SAVE&user=Ann&url=https://w.example/"+long), 100)
	if want := "A — SAVE by Ann …"; got != want {
		t.Errorf("a long address: got %q, want %q", got, want)
	}
}

// A line keeps its limits whatever is in the event and in every style.
func FuzzLine(f *testing.F) {
	f.Add("page=פתיחה&action=SAVE&user=פלוני אלמוני&comment=typo&size=7&url=https://x/", 60)
	f.Add("page=A&action=move/move&log_action_comment=moved [[A]] %26lrm;%26%23x3;4&server_url=http://x", 40)
	f.Add("text=%00%0A%0D%02abc%F0%9F", 9)
	f.Add("page=P&action=SAVENEW&server_url=https://w&rev=5&patrolled=0&rcid=3&size=1&comment="+strings.Repeat("é", 300), 90)
	f.Add("page=P&server_url=htk\x84\xa6a\"\xfe\xf54\x9b\x9e\xd0\xc9`]\x18\xc5L\rp\xec\x0e\xffa\xb7tps://w&rev=5", -118) // a CR that is not in the line
	custom, err := Parse(`{{bold .page}} {{colour "red" .user}} {{size .}} {{.comment}} {{.comment}} {{plain .}}`)
	if err != nil {
		f.Fatal(err)
	}
	styles := []*Style{custom, named(f, "plain"), named(f, "colour"), named(f, "mediawiki"), named(f, "mediawiki:מיוחד")}
	f.Fuzz(func(t *testing.T, query string, max int) {
		fields, err := ircbus.Parse(query)
		if err != nil {
			return
		}
		max = 1 + abs(max)%1000
		for _, s := range styles {
			line := s.Line(&ircbus.Event{Fields: fields}, max)
			if len(line) > max || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("%s: %d of %d bytes: %q", s, len(line), max, line)
			}
			full := s.Line(&ircbus.Event{Fields: fields}, 1<<30)
			if len(full) <= max && line != full {
				t.Errorf("%s: %q needlessly became %q", s, full, line)
			}
			if len(full) > max && max >= len(ellipsis) && !strings.Contains(line, ellipsis) {
				t.Errorf("%s: %q is shortened to %q without a mark", s, full, line)
			}
		}
	})
}

func abs(n int) int {
	if n < 0 {
		n = -(n + 1)
	}
	return n
}

func BenchmarkLine(b *testing.B) {
	e := event(b, "wiki=Moin&page=פתיחה&action=SAVE&user=Ann&comment=typo&size=17&oldsize=10&minor=1&url=https://w.example/A")
	for _, name := range []string{"plain", "colour", "mediawiki"} {
		s := named(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.Line(e, 400)
			}
		})
	}
}

// A tombstone has the same sentence in every style.
func TestRedaction(t *testing.T) {
	for _, test := range []struct {
		r    ircbus.Redaction
		max  int
		want string
	}{
		{ircbus.Redaction{Target: 118, By: "anna"}, 200, "redacted event 118"},
		{ircbus.Redaction{Target: 118, By: "anna", Reason: "spam\nspam\x03"}, 200, "redacted event 118: spam spam\uFFFD"},
		{ircbus.Redaction{Target: 118, By: "anna", Names: []string{"comment", "text"}, Reason: "x"}, 200, "redacted event 118 (comment, text): x"},
		{ircbus.Redaction{Target: 118, By: "anna", Reason: "spam spam"}, 28, "redacted event 118: spam…"},
	} {
		for _, name := range []string{"plain", "colour", "mediawiki"} {
			style, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := style.Line(&ircbus.Event{Fields: test.r.Tombstone()}, test.max); got != test.want {
				t.Errorf("%s: %q, want %q", name, got, test.want)
			}
		}
	}
}
