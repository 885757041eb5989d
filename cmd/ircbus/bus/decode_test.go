package bus

import (
	"testing"

	"github.com/BurntSushi/toml"
)

// FuzzDecode: any text either is taken as the TOML library takes it, or has problems
// with lines that are in it.
func FuzzDecode(f *testing.F) {
	f.Add(Example)
	f.Add("irc = \"a\nhttp = x\n[limits\n[publisher]\nmoin = 1\n[[retention]]\n")
	f.Add("motd = [\n\"a\",\nirc = 1\n[poll.x]\nurl = 1\n[limits]\nping = \"x\"\n")
	f.Add("publisher = 1\nlimits = 1\nIRC = \"x\"\nirc.x = 1\n\"a\\nb\" = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, plain := Default(), Default()
		problems := decode(text, &c)
		meta, err := toml.Decode(text, &plain)
		if len(problems) == 0 && (err != nil || len(meta.Undecoded()) > 0) {
			t.Fatalf("taken, but %v, %v", err, meta.Undecoded())
		}
		for _, p := range problems {
			if p.Reason == "" || p.Line < 0 {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func TestNearest(t *testing.T) {
	words := []string{"per_address", "connect_rate", "irc", "http", "max_age", "max_count", "page"}
	for word, want := range map[string]string{
		"per_adress": "per_address", "irx": "irc", "maxage": "max_age", "max": "max_age", "pagename": "page", "Page": "page",
		"wholly": "", "x": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
