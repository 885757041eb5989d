package syslog

import (
	"regexp"
	"strings"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// maxParameters limits the structured data that is read of one message.
const maxParameters = 1000

// parse5424 reads what follows "<PRI>1 " (RFC 5424, 6); false means that it is
// not of this form. Of a message with a time that can be read the rest may be odd:
// an empty word for a nil value, fields that are missing at the end, no structured data.
func (m *Message) parse5424(rest string) bool {
	var header [5]string // TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
	odd := false
	for i := range header {
		word, after, ok := strings.Cut(rest, " ")
		odd = odd || !ok || word == ""
		if word != "-" {
			header[i] = word
		}
		rest = after
	}
	at, ok := mapping.ParseTime(header[0])
	switch {
	case header[0] == "":
		if odd {
			return false
		}
	case !likeDate.MatchString(header[0]) || !ok && odd:
		return false
	case !ok:
		m.TimeText = header[0]
	}
	data, text, ok := cutData(rest)
	if !ok && at.IsZero() {
		m.TimeText = ""
		return false
	}
	m.Time, m.Host, m.App, m.ProcID, m.MsgID, m.Data = at, header[1], header[2], header[3], header[4], data
	m.Text = strings.TrimPrefix(text, "\uFEFF")
	return true
}

// likeDate is the begin of a date that may be none.
var likeDate = regexp.MustCompile(`^\d{4}-\d`)

// cutData reads structured data or "-" and the blank behind it; false says that there
// is none, and all is text.
func cutData(text string) (data ircbus.Fields, rest string, ok bool) {
	rest, ok = strings.CutPrefix(text, "-")
	if !ok {
		data, rest, ok = parseData(text)
	}
	if !ok || rest != "" && rest[0] != ' ' {
		return nil, text, false
	}
	return data, strings.TrimPrefix(rest, " "), true
}

// parseData reads structured data: [SD-ID NAME="VALUE" …]… (RFC 5424, 6.3).
func parseData(text string) (data ircbus.Fields, rest string, ok bool) {
	for strings.HasPrefix(text, "[") {
		end := strings.IndexAny(text, " ]")
		if end < 2 {
			return nil, "", false
		}
		id := text[1:end]
		text = text[end:]
		if text[0] == ']' { // no parameters; that it is there says something
			data = append(data, ircbus.Field{Key: id, Value: "1"})
		}
		for text[0] != ']' {
			var parameter ircbus.Field
			if parameter, text, ok = parseParameter(strings.TrimLeft(text, " ")); !ok || len(data) == maxParameters {
				return nil, "", false
			}
			parameter.Key = id + "." + parameter.Key
			data = append(data, parameter)
		}
		text = text[1:]
	}
	return data, text, len(data) > 0
}

// parseParameter reads NAME="VALUE"; what follows it is not empty.
func parseParameter(text string) (parameter ircbus.Field, rest string, ok bool) {
	name, text, ok := strings.Cut(text, `="`)
	if !ok || name == "" || strings.ContainsAny(name, "[]\" ") {
		return parameter, "", false
	}
	var value strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return ircbus.Field{Key: name, Value: value.String()}, text[i+1:], i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == ']')
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`"\]`, text[i+1]) >= 0:
			i++
			value.WriteByte(text[i])
		default:
			value.WriteByte(c)
		}
	}
	return parameter, "", false
}
