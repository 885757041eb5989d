package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
)

var update = flag.Bool("update", false, "write the golden files anew")

// awkward are events with everything that a format can stumble over.
var awkward = []string{
	"wiki=MoinMaster&page=פתיחה&action=SAVE&user=פלוני+אלמוני&comment=typo&rev=4",
	"page=A%26B+<b>\"x\"</b>&action=SAVENEW&comment=two%0Alines%0D%0Aand%09tab,+with,+commas&minor=1&tag=a&tag=b&key=k1",
	"page=Bell%07&action=ATTDEL&comment=nul%00esc%1B]]>&x=%EF%BF%BF&user=😀&empty=",
	"text=A+ready+sentence&url=https://other.example/?a=1%26b=2&time=2026-01-02T03:04:05Z&bot=1",
}

// goldenBus has the awkward events at known times.
func goldenBus(t *testing.T) *bus {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), sqlite.Options{Log: quiet, Now: clock()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	b := startOver(t, store, func(c *Config) { c.URL = "https://bus.example" })
	for _, query := range awkward {
		b.publish(query)
	}
	return b
}

func TestGolden(t *testing.T) {
	b := goldenBus(t)
	bounds, err := b.store.Bounds(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"changes.xml": "/changes?after=0&limit=3", "changes.json": "/changes?after=0&limit=3&format=json",
		"changes.ndjson": "/changes?format=ndjson", "changes.csv": "/changes?format=csv", "changes.qs": "/changes?format=qs",
		"changes.rss": "/changes?format=rss", "changes.atom": "/changes?format=atom&limit=3",
		"empty.xml": "/changes?channel=enwiki", "empty.json": "/changes?channel=enwiki&format=json", "empty.atom": "/changes?channel=enwiki&format=atom",
		"wikis.json": "/wikis", "wikis.xml": "/wikis?format=xml", "wiki.json": "/wikis/MoinMaster", "wiki.xml": "/wikis/moinmaster?format=xml",
		"event.json": "/events/3",
	} {
		a := b.get(path)
		if a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
			continue
		}
		got := bytes.ReplaceAll(a.body, []byte(bounds.Epoch), []byte("EPOCH"))
		file := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// wellFormed reads XML to its end.
func wellFormed(t *testing.T, content []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in %s", err, content)
		}
	}
}

// Other programs' parsers get back what was published.
func TestFormatsRoundTrip(t *testing.T) {
	b := goldenBus(t)
	want := b.changes("/changes").Events
	for _, path := range []string{"/changes?format=rss", "/changes?format=atom", "/wikis?format=xml"} {
		wellFormed(t, b.get(path).body)
	}
	var document struct {
		XMLName xml.Name `xml:"urn:ircbus:changes:1 changes"`
		Events  []struct {
			ID     ircbus.ID `xml:"id,attr"`
			Fields []struct {
				Name     string `xml:"name,attr"`
				Encoding string `xml:"encoding,attr"`
				Value    string `xml:",chardata"`
			} `xml:"field"`
		} `xml:"event"`
	}
	if err := xml.Unmarshal(b.get("/changes?format=xml").body, &document); err != nil {
		t.Fatal(err)
	}
	for i, e := range document.Events {
		var fields ircbus.Fields
		for _, f := range e.Fields {
			if f.Encoding == "base64" {
				decoded, err := base64.StdEncoding.DecodeString(f.Value)
				if err != nil {
					t.Fatal(err)
				}
				f.Value = string(decoded)
			}
			fields = append(fields, ircbus.Field{Key: f.Name, Value: f.Value})
		}
		if diff := cmp.Diff(want[i].Fields, fields); diff != "" || e.ID != want[i].ID {
			t.Errorf("xml event %d: %s", e.ID, diff)
		}
	}
	d := json.NewDecoder(bytes.NewReader(b.get("/changes?format=ndjson").body))
	for i := range want {
		var e ircbus.Event
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], e); diff != "" {
			t.Errorf("ndjson: %s", diff)
		}
	}
	records, err := csv.NewReader(bytes.NewReader(b.get("/changes?format=csv").body)).ReadAll()
	if err != nil || len(records) != 1+len(awkward) || records[1][5] != "פתיחה" {
		t.Errorf("csv: %v, %v", err, records)
	}
}
