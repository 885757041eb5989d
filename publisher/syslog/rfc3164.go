package syslog

import (
	"strings"
	"time"
)

// parse3164 reads what follows "<PRI>" in the way of RFC 3164, 4.1, as far as it
// is there: a time, a host, a tag with a process id, and text. RFC 3164 describes
// what programs did; whatever is not in its form is text.
func (m *Message) parse3164(rest string, now time.Time) {
	at, rest := cutTime(rest, now)
	m.Time = at
	if word, after, ok := strings.Cut(rest, " "); ok && !at.IsZero() && isHost(word) {
		m.Host, rest = word, strings.TrimLeft(after, " ")
	}
	m.App, m.ProcID, m.Text = cutTag(rest)
}

// stamps are how a message without RFC 5424's header may begin.
var stamps = []struct {
	layout string
	year   bool
}{
	{"Jan _2 15:04:05.999999", false},
	{"Jan _2 2006 15:04:05", true}, // Cisco
}

// cutTime reads the timestamp at the begin; zero if there is none. Some programs
// write RFC 3339 where RFC 3164 has its own form.
func cutTime(text string, now time.Time) (time.Time, string) {
	word, after, _ := strings.Cut(text, " ")
	if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
		return at, after
	}
	words := strings.SplitAfterN(text, " ", 6)
	for _, stamp := range stamps {
		for n := 3; n < len(words); n++ { // a day below 10 has two blanks before it, or one
			head := strings.Join(words[:n], "")
			at, err := time.ParseInLocation(stamp.layout, strings.TrimRight(head, ": "), now.Location())
			if err != nil {
				continue
			}
			if !stamp.year {
				at = latestYear(at, now)
			}
			return at, text[len(head):]
		}
	}
	return time.Time{}, text
}

// ahead is how much a sender's clock may be ahead of ours.
const ahead = 24 * time.Hour

// latestYear gives a time of a year that is not known the latest one that is not
// in the future.
func latestYear(at, now time.Time) time.Time {
	for year := now.Year() + 1; ; year-- {
		dated := time.Date(year, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), now.Location())
		if dated.Month() == at.Month() && !dated.After(now.Add(ahead)) { // not every year has a 29 February
			return dated
		}
	}
}

// isHost tells a host name or address from a tag.
func isHost(word string) bool {
	return word != "" && len(word) <= 255 && !strings.HasSuffix(word, ":") && !strings.ContainsAny(word, "[]()<>\"'=,;/\\")
}

// maxTag is what a tag may have, in bytes. RFC 3164 says 32; programs do not mind.
const maxTag = 64

// cutTag reads "TAG[PID]: " or "TAG: " at the begin.
func cutTag(text string) (app, procID, rest string) {
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
