package bus

import (
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseD7: in MediaWiki's style the readable channel has the lines that
// MediaWiki sends, and nothing that it does not; another style, or the
// configuration, shows the rest.
func TestCaseD7(t *testing.T) {
	for name, c := range map[string]struct {
		section Publisher
		engine  string
		quiet   bool // about what MediaWiki leaves out
	}{
		"by the engine": {Publisher{}, "mediawiki", true},
		"by name":       {Publisher{TextStyle: "mediawiki"}, "other", true},
		"with a word":   {Publisher{TextStyle: "mediawiki:מיוחד"}, "", true},
		"shown":         {Publisher{TextStyle: "mediawiki", Quiet: []string{}}, "mediawiki", false},
		"another style": {Publisher{TextStyle: "plain"}, "mediawiki", false},
		"a template":    {Publisher{Template: "{{.page}}"}, "mediawiki", false},
		"another wiki":  {Publisher{}, "moin-2", false},
	} {
		t.Run(name, func(t *testing.T) {
			style, err := styleOf(c.section, c.engine)
			if err != nil {
				t.Fatal(err)
			}
			quiet, err := quietOf(c.section, style.String())
			if err != nil {
				t.Fatal(err)
			}
			for action, want := range map[string]bool{
				"categorize": c.quiet, "external": c.quiet, "SAVE": false, "SAVENEW": false, "move/move": false, "delete/delete": false,
			} {
				fields := ircbus.NewFields("page", "A", "user", "ann", "action", action)
				if got := quiet != nil && quiet(fields); got != want {
					t.Errorf("%s: left out %v", action, got)
				}
			}
		})
	}
}
