package poll

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

func recorded(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// lines are changes as the bus keeps them, one a line.
func lines(t testing.TB, changes []change) string {
	t.Helper()
	var b strings.Builder
	for _, c := range changes {
		fields, err := ircbus.Accept(c.fields, 0)
		if err != nil {
			t.Errorf("%v: %v", err, c.fields)
			continue
		}
		b.WriteString(fields.Encode() + "\n")
	}
	return b.String()
}

// TestGolden: what wikis really send becomes the events beside it.
func TestGolden(t *testing.T) {
	for _, test := range []struct {
		name   string
		format format
	}{
		{"moin.rdf", &feed{wiki: "w"}},
		{"usemod.rdf", &feed{wiki: "w"}},
		{"mediawiki.rss", &feed{wiki: "w"}},
		{"mediawiki.atom", &feed{wiki: "w"}},
		{"moin-wikirpc1.xml", &wikiRPC{wiki: "w", quoted: true}},
		{"moin-wikirpc2.xml", &wikiRPC{wiki: "w"}},
		{"dokuwiki.xml", &wikiRPC{wiki: "w", doku: true}},
	} {
		a, err := test.format.read(recorded(t, test.name))
		if err != nil || len(a.refused) > 0 {
			t.Fatalf("%s: %v, %v", test.name, err, a)
		}
		got := lines(t, a.changes)
		if diff := cmp.Diff(string(recorded(t, test.name+".events")), got); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}
