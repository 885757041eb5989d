package ircd

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ergochat/irc-go/ircmsg"
	"github.com/ircbus/ircbus"
)

// maxLine is the length of a line, in bytes, with its CR LF but without tags
// (modern.ircdocs.horse/#messages).
const maxLine = 512

// timeTag is how server-time writes times
// (ircv3.net/specs/extensions/server-time).
const timeTag = "2006-01-02T15:04:05.000Z"

// message is one line to a client before its tags are chosen, which depends on
// the receiver's capabilities. Our own serialiser, not irc-go's, because tags
// have a fixed order here and many receivers share the bytes.
type message struct {
	source  string // nick!user@host or the server's name; "" for AUTHENTICATE
	command string
	params  []string

	at      time.Time // zero: no time tag
	exact   bool      // with ircbus.TagAt, too
	repeat  bool      // with ircbus.TagDuplicate
	msgid   string
	account string
	bot     bool
	client  string // client-only tags as they go on the wire: "+a=b;+c"

	lines  []textLine // of a message of several lines; params is its target alone
	concat bool       // with the tag draft/multiline-concat

	label, batch string // set by client.compose

	encoded map[tagSet][]byte // the line for each set of tags; nil unless shared
}

// share makes sure that the line is encoded once for all receivers that want the
// same tags. The message must not be changed after that.
func (m *message) share() { m.encoded = make(map[tagSet][]byte) }

// bytes is the message for a client with these capabilities.
func (m *message) bytes(caps capSet) []byte {
	if m.encoded == nil {
		return m.append(nil, caps)
	}
	line, ok := m.encoded[caps.tags()]
	if !ok {
		line = m.append(nil, caps)
		m.encoded[caps.tags()] = line
	}
	return line
}

// append writes the message with the tags that caps ask for. What would make it
// longer than 512 bytes is cut between characters, as IRC servers do.
func (m *message) append(dst []byte, caps capSet) []byte {
	if len(m.lines) > 0 {
		return m.appendLines(dst, caps)
	}
	dst = m.appendTags(dst, caps.tags())
	start := len(dst)
	if m.source != "" {
		dst = append(dst, ':')
		dst = append(dst, m.source...)
		dst = append(dst, ' ')
	}
	dst = append(dst, m.command...)
	for i, param := range m.params {
		dst = append(dst, ' ')
		if i == len(m.params)-1 && needsColon(m.command, param) {
			dst = append(dst, ':')
		}
		dst = append(dst, param...)
	}
	if len(dst)-start > maxLine-2 {
		dst = dst[:start+maxLine-2]
		for !utf8.FullRune(dst[lastRuneStart(dst):]) {
			dst = dst[:lastRuneStart(dst)]
		}
	}
	return append(dst, '\r', '\n')
}

// lastRuneStart is where the last character of b begins.
func lastRuneStart(b []byte) int {
	i := len(b) - 1
	for i > 0 && len(b)-i < utf8.UTFMax && !utf8.RuneStart(b[i]) {
		i--
	}
	return i
}

// withColon are the commands whose last parameter always gets its colon, since
// old clients rely on it.
var withColon = map[string]bool{
	"PRIVMSG": true, "NOTICE": true, "ERROR": true, "CAP": true, "TOPIC": true, "QUIT": true,
	"302": true, "303": true, "319": true, "332": true, "353": true, "730": true, "731": true, "732": true,
}

func needsColon(command, param string) bool {
	return param == "" || param[0] == ':' || strings.IndexByte(param, ' ') >= 0 || withColon[command]
}

func (m *message) appendTags(dst []byte, tags tagSet) []byte {
	start := len(dst)
	name := func(name string) {
		if len(dst) == start {
			dst = append(dst, '@')
		} else {
			dst = append(dst, ';')
		}
		dst = append(dst, name...)
	}
	put := func(tag, value string) {
		name(tag)
		if value != "" {
			dst = append(dst, '=')
			dst = append(dst, ircmsg.EscapeTagValue(value)...)
		}
	}
	if m.label != "" {
		put("label", m.label)
	}
	if m.batch != "" {
		put("batch", m.batch)
	}
	if m.concat {
		put("draft/multiline-concat", "")
	}
	if m.msgid != "" && tags&tagMsg != 0 {
		put("msgid", m.msgid)
	}
	if !m.at.IsZero() && tags&tagTime != 0 {
		name("time=")
		dst = m.at.UTC().AppendFormat(dst, timeTag)
	}
	if m.exact && tags&tagMsg != 0 {
		name(ircbus.TagAt + "=")
		dst = m.at.UTC().AppendFormat(dst, ircbus.TimeLayout)
	}
	if m.repeat && tags&tagMsg != 0 {
		put(ircbus.TagDuplicate, "")
	}
	if m.account != "" && tags&tagAccount != 0 {
		put("account", m.account)
	}
	if tags&tagMsg != 0 {
		if m.bot {
			put("bot", "")
		}
		if m.client != "" {
			put(m.client, "")
		}
	}
	if len(dst) > start {
		dst = append(dst, ' ')
	}
	return dst
}
