package poll

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// declared is the encoding that an XML text says it has.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9._:-]{1,40})["']`)

// toText makes UTF-8 of an XML text, and leaves out what XML cannot carry.
func toText(body []byte) (string, error) {
	body, err := content.Text("", body)
	if err != nil {
		return "", err
	}
	if m := declared.FindSubmatch(body[:min(len(body), 400)]); m != nil {
		r, err := content.XMLReader(string(m[1]), bytes.NewReader(body))
		if err == nil {
			body, err = io.ReadAll(r)
		}
		if err != nil {
			return "", fmt.Errorf("the feed cannot be read: %w", err)
		}
	}
	return strings.Map(xmlRune, ircbus.ToUTF8(string(body))), nil
}

// xmlRune leaves out what no XML has (XML 1.0, section 2.2), and the mark at its
// begin.
func xmlRune(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF || r == 0xFEFF {
		return -1
	}
	return r
}

var (
	markup  = regexp.MustCompile(`(?i)</[a-z][a-z0-9]*\s*>|<(?:br|hr|p|img)\b[^>]*>`)
	unseen  = regexp.MustCompile(`(?is)<(script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->`)
	breaks  = regexp.MustCompile(`(?i)</?(?:br|hr|p|div|li|ul|ol|dl|dt|dd|table|tr|td|th|pre|h[1-6]|blockquote)\b[^>]*>`)
	tags    = regexp.MustCompile(`</?[A-Za-z][^>]*>`)
	wrapped = regexp.MustCompile(`(?is)^\s*<p>(.*?)</p>`)
)

// plain makes one line of a text that may be HTML, or not: few feeds say which it is.
func plain(text string) string {
	if markup.MatchString(text) {
		text = unseen.ReplaceAllString(text, " ")
		text = breaks.ReplaceAllString(text, " ")
		text = html.UnescapeString(tags.ReplaceAllString(text, ""))
	}
	return strings.Join(strings.Fields(text), " ")
}
