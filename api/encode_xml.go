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
	dst = ircbus.AppendTime(dst, e.At)
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
	escaped, ok := escapeXML(append(dst, '>'), value)
	if !ok {
		dst = append(dst, ` encoding="base64">`...)
		return base64.StdEncoding.AppendEncode(dst, []byte(value))
	}
	return escaped
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

// xmlPlain are the bytes that stand for themselves.
var xmlPlain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '&' && c != '<' && c != '>' && c != '"'
	}
	return table
}()

// appendXML escapes s for content and for attributes alike. White space other
// than blanks is written as references, or parsers would make it something else.
// Characters that XML cannot carry become U+FFFD.
func appendXML(dst []byte, s string) []byte {
	dst, _ = escapeXML(dst, s)
	return dst
}

// escapeXML is appendXML; ok reports whether every character of s is one of
// XML 1.0's (its production 2, Char).
func escapeXML(dst []byte, s string) (_ []byte, ok bool) {
	ok = true
	start := 0
	for i := 0; i < len(s); {
		if xmlPlain[s[i]] {
			i++
			continue
		}
		size, replacement := 1, ""
		switch s[i] {
		case '&':
			replacement = "&amp;"
		case '<':
			replacement = "&lt;"
		case '>':
			replacement = "&gt;"
		case '"':
			replacement = "&quot;"
		case '\t':
			replacement = "&#x9;"
		case '\n':
			replacement = "&#xA;"
		case '\r':
			replacement = "&#xD;"
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if size == 1 || r == 0xFFFE || r == 0xFFFF {
				replacement, ok = "\uFFFD", false
			}
		}
		if replacement != "" {
			dst = append(dst, s[start:i]...)
			dst = append(dst, replacement...)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...), ok
}
