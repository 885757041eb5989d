package content_test

import (
	"testing"

	"github.com/ircbus/ircbus/publisher/content"
)

// XML that names no charset, or UTF-8, and is not in it, is windows-1252 as all else.
func TestCaseC14Undeclared(t *testing.T) {
	for _, declaration := range []string{"", `<?xml version="1.0"?>`, `<?xml version='1.0' encoding='utf-8'?>`, `<?xml version="1.0" encoding="UTF8"?>`} {
		for _, contentType := range []string{"", "text/xml", "text/xml; charset=utf-8"} {
			got, err := content.Text(contentType, []byte(declaration+"<a>\x80 \x93q\x94</a>"))
			if want := declaration + "<a>€ “q”</a>"; err != nil || string(got) != want {
				t.Errorf("%q as %q: %q, %v", declaration, contentType, got, err)
			}
		}
	}
	const other = "<?xml version=\"1.0\" encoding=\"koi8-r\"?><a>\xf0</a>"
	if got, err := content.Text("", []byte(other)); err != nil || string(got) != other {
		t.Errorf("what names its charset is left to its reader: %q, %v", got, err)
	}
}
