package ircbus_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func TestEventJSON(t *testing.T) {
	event := ircbus.Event{
		ID: 118, At: time.Date(2026, 11, 20, 10, 0, 0, 123456000, time.UTC), Channel: "#moinmaster", Publisher: "moinmaster",
		Fields: ircbus.Fields{{"page", "פתיחה"}, {"tag", "a"}, {"x", "\"\\\x00\x7f\n\u2028<&>"}, {"tag", "b"}},
	}
	const want = `{"id":118,"at":"2026-11-20T10:00:00.123456Z","channel":"#moinmaster","publisher":"moinmaster",` +
		`"fields":{"page":"פתיחה","tag":["a","b"],"x":"\"\\\u0000\u007f\n\u2028<&>"}}`
	if got := string(event.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var got ircbus.Event
	if err := json.Unmarshal([]byte(want), &got); err != nil {
		t.Fatal(err)
	}
	event.Fields = ircbus.Fields{{"page", "פתיחה"}, {"tag", "a"}, {"tag", "b"}, event.Fields[2]}
	if diff := cmp.Diff(event, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseJSON(t *testing.T) {
	got, err := ircbus.ParseJSON([]byte(` {"s":"x","n":1.50,"big":12345678901234567890,"yes":true,"no":false,"nil":null,
		"tag":["a",2,false,["b"]],"length":{"old":null,"new":{"x":7}},"e":{},"l":[]} `))
	want := ircbus.Fields{
		{"s", "x"}, {"n", "1.50"}, {"big", "12345678901234567890"}, {"yes", "1"},
		{"tag", "a"}, {"tag", "2"}, {"tag", "b"}, {"length.new.x", "7"},
	}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %q, %v", got, err)
	}
	for _, text := range []string{``, `[]`, `"x"`, `{`, `{"a":`, `{"a" 1}`, `{"a":1}{}`, `{"":1}`, `{"a b":1}`, "{\"a\":\"\x01\"}", `{"a":01}`} {
		got, err := ircbus.ParseJSON([]byte(text))
		if refusal := (*ircbus.Refusal)(nil); text != "" && !errors.As(err, &refusal) || err == nil {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"page":"פתיחה","tag":["a","b"],"length":{"new":3},"bot":true}`))
	f.Add([]byte(`{"a":[[[[{"b":[1]}]]]],"\ud800":"\ud800"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		fields, err := ircbus.ParseJSON(text)
		if err != nil {
			return
		}
		if fields, err = ircbus.Accept(fields, 0); err != nil {
			return
		}
		event := ircbus.Event{ID: 1, At: time.Unix(0, 0).UTC(), Channel: "#x", Publisher: "x", Fields: fields}
		var got ircbus.Event
		if err := json.Unmarshal(event.AppendJSON(nil), &got); err != nil {
			t.Fatalf("%s: %v", event.AppendJSON(nil), err)
		}
		if string(event.AppendJSON(nil)) != string(got.AppendJSON(nil)) {
			t.Errorf("%s became %s", event.AppendJSON(nil), got.AppendJSON(nil))
		}
	})
}

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now":                       now,
		"-2h":                       now.Add(-2 * time.Hour),
		"-7d":                       now.AddDate(0, 0, -7),
		"-1w1d12h":                  now.Add(-(8*24 + 12) * time.Hour),
		"-1h30m":                    now.Add(-90 * time.Minute),
		"2026-11-20T10:00:00Z":      now.Add(-2 * time.Hour),
		"2026-11-20T12:00:00+02:00": now.Add(-2 * time.Hour),
		"2026-11-20T12:00:00 02:00": now.Add(-2 * time.Hour),
		"2026-11-20T10:00:00.5Z":    now.Add(-2*time.Hour + time.Second/2),
		"1117027756":                time.Unix(1117027756, 0).UTC(),
		"0":                         time.Unix(0, 0).UTC(),
		"1117027756123456":          time.UnixMicro(1117027756123456).UTC(),
		"20261120100000":            now.Add(-2 * time.Hour),
	} {
		if got, err := ircbus.ParseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "yesterday", "-", "-x", "--2h", "20261320100000", "123456789012", "2026-11-31", "-1y", "-99999999999d", "+5"} {
		if got, err := ircbus.ParseTime(text, now); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	f.Add("-2h")
	f.Add("2026-11-20T10:00:00Z")
	f.Fuzz(func(t *testing.T, text string) { ircbus.ParseTime(text, time.Unix(0, 0)) })
}

func TestWikiFill(t *testing.T) {
	w := ircbus.Wiki{
		PageURL: "https://wiki.example/{page}", DiffURL: "https://wiki.example/{page}?action=diff&rev={rev}",
		HistoryURL: "https://wiki.example/{page}?action=info",
	}
	got := w.Fill(ircbus.Fields{{"page", "Ä/b c?"}, {"history", "mine"}})
	want := ircbus.Fields{{"page", "Ä/b c?"}, {"history", "mine"}, {"url", "https://wiki.example/%C3%84/b%20c%3F"}}
	if !cmp.Equal(want, got) {
		t.Errorf("got %q", got)
	}
	if got := w.Fill(ircbus.Fields{{"page", "P"}, {"rev", "3"}}).Get("diff"); got != "https://wiki.example/P?action=diff&rev=3" {
		t.Errorf("diff is %q", got)
	}
}

// FuzzParseFlat holds the fast way against the general decoder.
func FuzzParseFlat(f *testing.F) {
	for _, text := range []string{
		`{"page":"פתיחה","rev":7,"x":-1.5e+3,"bot":true,"minor":false,"y":null}`, ` { "a" : "b\"\\\u00e9\ud83d\ude00" , "b":"" } `,
		`{}`, `{"a":1,}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":tru}`, `{"a":truex}`, `{"a":"\ud800"}`, "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}",
		`{"a":{}}`, `{"a":[1]}`, `{"a":1}x`, `{"a" 1}`, `{"":1}`, `{"":null}`, `{"a":"x`, `{"a":"x\`, `{"\u0061":1}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fields, ok := ircbus.ParseFlat(text)
		want, err := ircbus.ParseNested(text)
		if ok && (err != nil || !cmp.Equal(want, fields)) {
			t.Errorf("%q is %q, want %q, %v", text, fields, want, err)
		}
	})
}

func BenchmarkParseJSON(b *testing.B) {
	text := seedEvent.AppendJSON(nil)
	b.ReportAllocs()
	for b.Loop() {
		ircbus.ParseJSON(text)
	}
}

func BenchmarkAccept(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ircbus.Accept(seedEvent, 0)
	}
}
