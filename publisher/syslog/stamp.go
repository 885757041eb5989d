package syslog

import (
	"regexp"
	"strings"
	"time"

	"github.com/ircbus/ircbus/publisher/mapping"
)

// stamp is the time at the begin of a message.
type stamp struct {
	at     time.Time // zero if the clock is not set
	unset  string    // what a clock says that is not set, or cannot be read
	closed bool      // a colon ends it, as Cisco does where no host follows
}

var (
	// bsdStamp is RFC 3164's time. Cisco puts a star before it if the clock is not set,
	// a point if it is not synchronised, and the year before, inside or behind it.
	bsdStamp = regexp.MustCompile(`^([*.]?)(?:(\d{4}) +)?([A-Z][A-Za-z]{2}) +(\d{1,2}) +(?:(\d{4}),? +)?(\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?)`)
	// isoStamp is RFC 3339's, with or without a zone.
	isoStamp = regexp.MustCompile(`^([*.]?)(\d{4}[-/]\d\d[-/]\d\d[Tt ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)`)
	// tails are what may be behind either.
	yearTail = regexp.MustCompile(`^ +((?:19|20)\d\d)(?:$|[ :])`)
	zoneTail = regexp.MustCompile(`^ *([+-]\d\d:?\d\d|[Zz]|[+-]\d\d)(?:$|[ :])`)
	nameTail = regexp.MustCompile(`^ +([A-Z]{3,5})(?:$|[ :])`)
)

// cutStamp reads the timestamp at the begin. now gives the year and the zone that it
// may lack.
func cutStamp(text string, now time.Time) (s stamp, rest string, ok bool) {
	var flag, date, year string
	if m := isoStamp.FindStringSubmatch(text); m != nil {
		flag, date, rest = m[1], strings.ReplaceAll(m[2], "/", "-"), text[len(m[0]):]
		year = date[:4]
	} else if m := bsdStamp.FindStringSubmatch(text); m != nil {
		flag, year, rest = m[1], m[2]+m[5], text[len(m[0]):]
		date = m[4] + " " + m[3] + " YEAR " + m[6]
	} else {
		return s, text, false
	}
	zone := ""
	for range 2 { // in either order
		if m := yearTail.FindStringSubmatch(rest); m != nil && year == "" {
			year, rest = m[1], rest[strings.Index(rest, m[1])+4:]
		}
		if m := zoneTail.FindStringSubmatch(rest); m != nil && zone == "" {
			zone, rest = m[1], rest[strings.Index(rest, m[1])+len(m[1]):]
		} else if m := nameTail.FindStringSubmatch(rest); m != nil && zone == "" {
			if _, known := mapping.Zones[m[1]]; known || strings.HasPrefix(rest[strings.Index(rest, m[1])+len(m[1]):], ":") {
				zone, rest = m[1], rest[strings.Index(rest, m[1])+len(m[1]):]
			}
		}
	}
	if rest != "" && rest[0] != ' ' && rest[0] != ':' {
		return s, text, false
	}
	s.at, ok = point(date, year, zone, now)
	if !ok && flag == "" {
		return s, text, false
	}
	if !ok || flag == "*" {
		s.at, s.unset = time.Time{}, text[:len(text)-len(rest)]
	}
	rest, s.closed = strings.CutPrefix(strings.TrimLeft(rest, " "), ":")
	return s, strings.TrimLeft(rest, " "), true
}

// point is the time that a date means in a zone, which may be "" for that of now, or
// not known, which is that of now, too.
func point(date, year, zone string, now time.Time) (time.Time, bool) {
	offset, known := mapping.Offset(zone)
	in := now.Location()
	if known && zone != "" {
		in = time.FixedZone(zone, offset)
	}
	written := strings.Replace(date, "YEAR", year, 1)
	if year == "" { // one that has a 29 February
		written = strings.Replace(date, "YEAR", "2000", 1)
	}
	at, ok := mapping.ParseTime(written)
	switch {
	case !ok:
		return at, false
	case year == "":
		return latestYear(at, now.In(in)), true
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), in), true
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
