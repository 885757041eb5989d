package poll

import (
	"cmp"
	"strings"
	"time"
)

// layouts are how feeds write times: as the W3C wants it, with and without seconds
// and zone, and as mail does.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02",
	"20060102T15:04:05Z07:00", "20060102T15:04:05Z0700", "20060102T15:04:05", "20060102T150405",
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04:05", "2 Jan 06 15:04:05 -0700", "2 Jan 06 15:04 -0700",
}

// zones are those that RFC 822 names (section 5.1): Go knows no time for the names.
var zones = map[string]string{
	"UT": "+0000", "Z": "+0000", "GMT": "+0000", "UTC": "+0000",
	"EST": "-0500", "EDT": "-0400", "CST": "-0600", "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700",
}

// parseDate reads a time; without a zone it is UTC. Years that the bus cannot write
// are none.
func parseDate(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if _, rest, ok := strings.Cut(text, ","); ok { // behind the day of the week
		text = rest
	}
	words := strings.Fields(text)
	if last := len(words) - 1; last > 0 {
		words[last] = cmp.Or(zones[words[last]], words[last])
	}
	text = strings.Join(words, " ")
	for _, layout := range layouts {
		at, err := time.Parse(layout, text)
		if at = at.UTC(); err == nil && at.Year() >= 1970 && at.Year() < 9999 {
			return at, true
		}
	}
	return time.Time{}, false
}
