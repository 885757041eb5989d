package syslog

import (
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// maxParameters limits the structured data that is read of one message.
const maxParameters = 1000

// parse5424 reads what follows "<PRI>1 " (RFC 5424, 6); false means that it is
// not of this form.
func (m *Message) parse5424(rest string) bool {
	var header [5]string // TIMESTAMP HOSTNAME APP-NAME PROCID MSGID
	for i := range header {
		word, after, ok := strings.Cut(rest, " ")
		if !ok || word == "" {
			return false
		}
		if word != "-" {
			header[i] = word
		}
		rest = after
	}
	at, err := time.Parse(time.RFC3339Nano, header[0])
	if err != nil && header[0] != "" {
		return false
	}
	var data ircbus.Fields
	if nothing, ok := strings.CutPrefix(rest, "-"); ok {
		rest = nothing
	} else if data, rest, ok = parseData(rest); !ok {
		return false
	}
	if rest != "" && rest[0] != ' ' {
		return false
	}
	m.Time, m.Host, m.App, m.ProcID, m.MsgID, m.Data = at, header[1], header[2], header[3], header[4], data
	m.Text = strings.TrimPrefix(strings.TrimPrefix(rest, " "), "\uFEFF")
	return true
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
