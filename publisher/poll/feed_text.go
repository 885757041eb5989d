package poll

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/ircbus/ircbus"
)

// declared is the encoding that an XML text says it has.
var declared = regexp.MustCompile(`^\s*<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9._:-]{1,40})["']`)

// toText makes UTF-8 of an XML text, and leaves out what XML cannot carry.
func toText(body []byte) (string, error) {
	name := ""
	switch head := string(body[:min(len(body), 400)]); {
	case strings.HasPrefix(head, "\xEF\xBB\xBF"):
		body = body[3:]
	case strings.HasPrefix(head, "\xFF\xFE"):
		name = "utf-16le"
	case strings.HasPrefix(head, "\xFE\xFF"):
		name = "utf-16be"
	default:
		if m := declared.FindStringSubmatch(head); m != nil {
			name = strings.ToLower(m[1])
		}
	}
	text := string(body)
	if name != "" && name != "utf-8" && (name != "us-ascii" || !utf8.ValidString(text)) {
		encoding, err := htmlindex.Get(name)
		if err != nil {
			return "", fmt.Errorf("the feed's encoding %q is not known", name)
		}
		if text, err = encoding.NewDecoder().String(text); err != nil {
			return "", fmt.Errorf("the feed is not in %s, as it says: %w", name, err)
		}
	}
	return strings.Map(xmlRune, ircbus.ToUTF8(text)), nil
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
