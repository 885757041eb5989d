package mapping

import (
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// maxSentence limits, in bytes, the field "text". It is a little less than a line
// on IRC has room for; the whole is in the other fields.
const maxSentence = 380

// Sentence makes the field "text", a line for people: "HEAD: BODY ADDRESS", as
// far as they are there. White space becomes single blanks. A body that is too
// long ends in "…"; the address stays whole, or is left out.
func Sentence(head, body, address string) string {
	head, body = oneLine(head), oneLine(body)
	head = Clip(head, maxSentence/2)
	line := head
	if head != "" && body != "" {
		line += ": "
	}
	if strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' }) || len(address) > maxSentence/2 {
		address = ""
	}
	line += Clip(body, maxSentence-len(line)-len(address)-1)
	if address != "" && line != "" {
		line += " "
	}
	return line + address
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(ircbus.ToUTF8(s)), " ")
}

// Clip cuts a text at a character so that it has at most max bytes, and marks it
// with "…"; nothing is left if that has no room.
func Clip(s string, max int) string {
	if len(s) <= max {
		return s
	}
	n := max - len(ellipsis)
	if n < 0 {
		return ""
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], " ") + ellipsis
}
