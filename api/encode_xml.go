package api

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// xmlEncoder writes docs/protocol.md's XML: namespace urn:ircbus:changes:1.
type xmlEncoder struct{}

func (xmlEncoder) begin(dst []byte, env *envelope) []byte {
	dst = append(dst, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<changes xmlns="urn:ircbus:changes:1"`...)
	dst = appendAttr(dst, "epoch", env.Epoch)
	dst = appendIDAttr(dst, "head", env.Head)
	dst = appendIDAttr(dst, "oldest", env.Oldest)
	if env.Next != "" {
		dst = appendAttr(dst, "next", env.Next)
	}
	if env.Gap {
		dst = append(dst, ` gap="true"`...)
	}
	return append(dst, ">\n"...)
}

func (xmlEncoder) event(dst []byte, e *ircbus.Event) []byte {
	dst = append(dst, `  <event`...)
	dst = appendIDAttr(dst, "id", e.ID)
	dst = append(dst, ` at="`...)
	dst = e.At.UTC().AppendFormat(dst, ircbus.TimeLayout)
	dst = append(dst, '"')
	dst = appendAttr(dst, "channel", e.Channel)
	dst = appendAttr(dst, "publisher", e.Publisher)
	dst = append(dst, ">\n"...)
	for i := range e.Fields {
		dst = append(dst, `    <field`...)
		dst = appendAttr(dst, "name", e.Fields[i].Key)
		dst = appendXMLValue(dst, e.Fields[i].Value)
		dst = append(dst, "</field>\n"...)
	}
	return append(dst, "  </event>\n"...)
}

func (xmlEncoder) end(dst []byte) []byte { return append(dst, "</changes>\n"...) }

// appendXMLValue appends the rest of a start tag and the content. What XML 1.0
// has no character for makes the whole value base64.
func appendXMLValue(dst []byte, value string) []byte {
	if !xmlCan(value) {
		dst = append(dst, ` encoding="base64">`...)
		return base64.StdEncoding.AppendEncode(dst, []byte(value))
	}
	return appendXML(append(dst, '>'), value)
}

func appendAttr(dst []byte, name, value string) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, '=', '"')
	dst = appendXML(dst, value)
	return append(dst, '"')
}

func appendIDAttr(dst []byte, name string, id ircbus.ID) []byte {
	dst = append(dst, ' ')
	dst = append(dst, name...)
	dst = append(dst, '=', '"')
	dst = strconv.AppendUint(dst, uint64(id), 10)
	return append(dst, '"')
}

// xmlCan reports whether every character of s is one of XML 1.0's (its
// production 2, Char).
func xmlCan(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		i += size
	}
	return true
}

// appendXML escapes s for content and for attributes alike. White space other
// than blanks is written as references, or parsers would make it something else.
// Characters that XML cannot carry become U+FFFD.
func appendXML(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		size, replacement := 1, ""
		switch {
		case c == '&':
			replacement = "&amp;"
		case c == '<':
			replacement = "&lt;"
		case c == '>':
			replacement = "&gt;"
		case c == '"':
			replacement = "&quot;"
		case c == '\t':
			replacement = "&#x9;"
		case c == '\n':
			replacement = "&#xA;"
		case c == '\r':
			replacement = "&#xD;"
		case c < ' ':
			replacement = "\uFFFD"
		case c >= utf8.RuneSelf:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 || r == 0xFFFE || r == 0xFFFF {
				replacement = "\uFFFD"
			}
		}
		if replacement != "" {
			dst = append(dst, s[start:i]...)
			dst = append(dst, replacement...)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}
