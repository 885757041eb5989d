package readable

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes a value harmless in a line: line breaks and tabs become blanks,
// other control characters, which are IRC's formatting codes too, become U+FFFD,
// and controls that reorder the text after them are left out.
func clean(value string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\u2028', r == '\u2029':
			return ' '
		case r == '\r', '\u202A' <= r && r <= '\u202E', '\u2066' <= r && r <= '\u2069':
			return -1
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(value, "\uFFFD"))
}

// oneLine is the last guard: whatever a template did, the line is one line.
func oneLine(line string) string {
	if !strings.ContainsAny(line, "\r\n\x00") {
		return line
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n':
			return ' '
		case '\r', 0:
			return -1
		}
		return r
	}, line)
}

// cut returns s, or as much of its beginning as fits into max bytes with "…"
// after it. It cuts neither a character nor an IRC colour code.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	if max < len(ellipsis) {
		return ""
	}
	end := max - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	kept := s[:end]
	if i := strings.LastIndexByte(kept, colourCode); i >= 0 && len(kept)-i <= 2 {
		kept = kept[:i]
	}
	return strings.TrimRight(kept, " ") + ellipsis
}

// reference matches what MediaWiki decodes: unlike HTML it insists on the ";".
var reference = regexp.MustCompile(`&(?:[A-Za-z0-9]+|#[0-9]+|#[xX][0-9A-Fa-f]+);`)

// decodeReferences decodes HTML's character references, but none into one of
// IRC's codes: as in MediaWiki "&#3;" is U+FFFD.
func decodeReferences(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return reference.ReplaceAllStringFunc(s, func(r string) string { return safe(html.UnescapeString(r)) })
}
