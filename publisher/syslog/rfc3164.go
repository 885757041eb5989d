package syslog

import (
	"regexp"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// parse3164 reads what follows "<PRI>" in the way of RFC 3164, 4.1, as far as it
// is there: a time, a host, a tag with a process id, and text. RFC 3164 describes
// what programs did; whatever is not in its form is text. What vendors put before
// and behind the time is read, too.
func (m *Message) parse3164(rest string, now time.Time) {
	if m.parseFortinet(rest, now) {
		return
	}
	rest = m.cutLead(rest, now)
	s, after, stamped := cutStamp(rest, now)
	if stamped {
		rest = after
		m.Time, m.TimeText = s.at, s.unset
		if word, after, ok := strings.Cut(rest, " "); ok && m.Host == "" && isHost(word) && (!s.closed || strings.HasPrefix(strings.TrimLeft(after, ": "), "%")) {
			m.Host, rest = word, strings.TrimLeft(after, " ")
		}
		rest = strings.TrimLeft(strings.TrimPrefix(rest, ":"), " ")
	}
	m.App, m.ProcID, m.Text = cutTag(rest)
	if topics, text, ok := strings.Cut(m.Text, " "); ok && m.App == "" && routerOS.MatchString(topics) {
		m.App, m.Text = topics, text
	}
}

var (
	// lead is what Cisco puts before the time: sequence numbers, the host by "logging
	// origin-id", the node of IOS XR, and how long it has been up instead of the time.
	lead   = regexp.MustCompile(`^(\d{1,2}:\d\d:\d\d|[0-9A-Za-z_.\-/]{1,255}):\s*`)
	uptime = regexp.MustCompile(`^(?:\d+:\d\d:\d\d|(?:\d+[ywdhms])+)$`)
	// mnemonic is how messages of Cisco's begin: %LINK-3-UPDOWN.
	mnemonic = regexp.MustCompile(`^%[A-Z0-9_]+(?:-[A-Z0-9_]+)*-[0-7]-[A-Z0-9_]+\s*:`)
	// routerOS are topics of MikroTik's: system,info,account.
	routerOS = regexp.MustCompile(`^[a-z0-9!-]+(?:,[a-z0-9!-]+)+$`)
)

// maxLead is how many such words there may be.
const maxLead = 3

// cutLead cuts the words before the time, if there is one behind them, or a mnemonic.
func (m *Message) cutLead(text string, now time.Time) string {
	rest := strings.TrimLeft(strings.TrimPrefix(text, ":"), " ") // NX-OS
	var words []string
	for len(words) < maxLead {
		if _, _, ok := cutStamp(rest, now); ok {
			break
		}
		found := lead.FindStringSubmatch(rest)
		if found == nil {
			break
		}
		words, rest = append(words, found[1]), rest[len(found[0]):]
	}
	if _, _, ok := cutStamp(rest, now); !ok && (len(words) == 0 || !isDigits(words[0]) && !uptime.MatchString(words[0]) || !mnemonic.MatchString(rest)) {
		return text
	}
	for _, word := range words {
		switch {
		case isDigits(word):
			m.Data = append(m.Data, ircbus.Field{Key: "sequence", Value: word})
		case uptime.MatchString(word):
			m.Data = append(m.Data, ircbus.Field{Key: "uptime", Value: word})
		case strings.Contains(word, "/"):
			m.Data = append(m.Data, ircbus.Field{Key: "node", Value: word})
		default:
			m.Host = word
		}
	}
	return rest
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isHost tells a host name or address from a tag.
func isHost(word string) bool {
	return word != "" && len(word) <= 255 && !strings.HasSuffix(word, ":") && !strings.ContainsAny(word, "[]()<>\"'=,;/\\%")
}

// maxTag is what a tag may have, in bytes. RFC 3164 says 32; programs do not mind.
const maxTag = 64

// cutTag reads "TAG[PID]: " or "TAG: " at the begin.
func cutTag(text string) (app, procID, rest string) {
	if found := mnemonic.FindString(text); found != "" { // some have a blank before the colon
		return strings.TrimRight(found, " :"), "", strings.TrimLeft(text[len(found):], " ")
	}
	end := strings.IndexAny(text[:min(len(text), maxTag+1)], ":[ ")
	if end < 1 || text[end] == ' ' {
		return "", "", text
	}
	app, rest = text[:end], text[end:]
	if inner, ok := strings.CutPrefix(rest, "["); ok {
		procID, rest, ok = strings.Cut(inner, "]")
		if !ok || len(procID) > 128 || strings.Contains(procID, " ") {
			return "", "", text
		}
	}
	if rest != "" && rest[0] != ':' || !strings.HasPrefix(rest, ": ") && strings.Trim(rest, ":") != "" && procID == "" {
		return "", "", text // a word with a colon in it, such as an address
	}
	return app, procID, strings.TrimLeft(strings.TrimPrefix(rest, ":"), " ")
}
