package api

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

var fuzzNow = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func knowsAll(view ircbus.View) (ircbus.View, error) { return view, nil }

// Whatever the query, it is refused with a problem that names a parameter, or
// its next page asks for a part of the same.
func FuzzParseRange(f *testing.F) {
	for _, seed := range []string{
		"", "from=-2h&to=now", "after=1&until=5&limit=10&order=desc", "channel=%23moin%3Fpage%3DBad*&channel=x", "format=qs&wait=60",
		"from=2026-11-20T10:00:00+02:00", "from=1600000000000000&to=20261120100000", "%zz", "a;b", "limit=1&limit=2", "channel=moin?a=b+c%26d=!*",
	} {
		f.Add(seed, "text/html, application/xml;q=0.9, */*;q=0.1")
	}
	f.Fuzz(func(t *testing.T, raw, accept string) {
		values, err := parseQuery(raw)
		var q rangeQuery
		if err == nil {
			q, err = parseRange(values, accept, fuzzNow, knowsAll)
		}
		if err != nil {
			if p := (*Problem)(nil); !errors.As(err, &p) || p.Status != 400 || p.Detail == "" {
				t.Fatalf("%q: %#v", raw, err)
			}
			return
		}
		if q.Limit < 1 || q.Limit > MaxLimit || q.wait > MaxWait*time.Second || len(q.Views) > MaxChannels {
			t.Fatalf("%q: beyond the limits: %+v", raw, q)
		}
		values, err = parseQuery(q.next(max(q.After, 1) + 1))
		if err != nil {
			t.Fatal(err)
		}
		if q.until && q.Until <= q.After+1 {
			return // no event can be there to be the last
		}
		again, err := parseRange(values, "", fuzzNow, knowsAll)
		if err != nil {
			t.Fatalf("%q: its next page %v: %v", raw, values, err)
		}
		if again.Limit != q.Limit || again.Desc != q.Desc || again.format != q.format || len(again.Views) != len(q.Views) ||
			!again.From.Equal(q.From.Truncate(time.Microsecond)) || !again.To.Equal(q.To.Truncate(time.Microsecond)) {
			t.Fatalf("%q: %+v became %+v", raw, q, again)
		}
	})
}

func FuzzDecoders(f *testing.F) {
	for _, seed := range []string{
		"page=A&action=SAVE", "a=%d7%90+b", `{"a":"b"}`, `[{"a":1},{"b":[true,null,{"c":"d"}]}]`, "{\"a\":\"b\"}\n{\"c\":1}\n", "[", "[1]", "[]]", "{}", "\xff", `[{"a":"b"},`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, decode := range []func([]byte) ([]ircbus.Fields, error){decodeForm, decodeJSON, decodeLines} {
			batch, err := decode(body)
			if err != nil {
				if p := asProblem(err); p == nil || p.Status != 400 && p.Status != 413 {
					t.Fatalf("%q: %v", body, err)
				}
				continue
			}
			if len(batch) == 0 || len(batch) > MaxBatch {
				t.Fatalf("%q: %d events", body, len(batch))
			}
			for _, fields := range batch {
				ircbus.Accept(fields, 0) // must not panic
			}
		}
	})
}

// Whatever bytes an event has, its XML is well-formed UTF-8, and what is not
// base64 comes back as it was.
func FuzzXML(f *testing.F) {
	for _, seed := range awkward {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if !utf8.ValidString(value) {
			return // the bus stores nothing else
		}
		e := ircbus.Event{ID: 1, At: fuzzNow, Channel: "#x", Publisher: "x", Fields: ircbus.Fields{{Key: "a", Value: value}}}
		env := envelope{Epoch: value, Next: value, base: value, self: value, title: value}
		for _, format := range formats[:1] {
			encoder := format.encoder(&env)
			document := encoder.end(encoder.event(encoder.begin(nil, &env), &e))
			got, base64 := chardata(t, document)
			if !base64 && got != value {
				t.Fatalf("%q came back as %q", value, got)
			}
		}
		for _, format := range formats[5:] {
			encoder := format.encoder(&env)
			chardata(t, encoder.end(encoder.event(encoder.begin(nil, &env), &e)))
		}
	})
}

func chardata(t *testing.T, document []byte) (value string, base64 bool) {
	d := xml.NewDecoder(bytes.NewReader(document))
	inField := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return value, base64
		}
		if err != nil {
			t.Fatalf("%v in %q", err, document)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inField = token.Name.Local == "field"
			base64 = base64 || inField && len(token.Attr) > 1
		case xml.EndElement:
			inField = false
		case xml.CharData:
			if inField {
				value += string(token)
			}
		}
	}
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html;q=0.1,*/*", "zstd, gzip;q=0.5, *;q=0")
	f.Add(";;;,,,=;q=NaN", "*;q=inf")
	f.Fuzz(func(t *testing.T, accept, encoding string) {
		p := params{values: url.Values{}}
		if p.format(accept) == nil || p.err != nil {
			t.Fatal(p.err)
		}
		if c := contentCoding(encoding); c != "" && compressors[c] == nil {
			t.Fatalf("%q chose %q", encoding, c)
		}
	})
}
