package mapping

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// Zones are the offsets of zones by their names, in seconds: those of RFC 822, section
// 5.1, and those that devices write. Of a name that several zones have it is the one
// that most machines mean.
var Zones = map[string]int{
	"Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 3600, "BST": 3600, "CET": 3600, "MEZ": 3600, "CEST": 7200, "MESZ": 7200, "MEST": 7200,
	"EET": 7200, "EEST": 10800, "IST": 19800, "IDT": 10800, "MSK": 10800, "EST": -18000, "EDT": -14400, "CST": -21600, "CDT": -18000,
	"MST": -25200, "MDT": -21600, "PST": -28800, "PDT": -25200, "AKST": -32400, "AKDT": -28800, "HST": -36000,
	"JST": 32400, "KST": 32400, "HKT": 28800, "SGT": 28800, "AWST": 28800, "ACST": 34200, "ACDT": 37800, "AEST": 36000, "AEDT": 39600, "NZST": 43200, "NZDT": 46800,
}

// The parts of a time: hour, minute, second, fraction, and zone.
const (
	clockPart = `(\d{1,2}):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?`
	zonePart  = `\s*([A-Za-z]{1,5}|[+\-−]\d\d:?\d\d|[+\-−]\d\d)?`
)

// The forms in which programs write times. The names of groups are those of parts.
var (
	isoForm     = regexp.MustCompile(`^(\d{4})(-?)(\d\d)-?(\d\d)(?:(?:[Tt_]|\s+)` + clockPart + zonePart + `)?$`)
	mailForm    = regexp.MustCompile(`^(?:[A-Za-z]{2,9}\.?,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3,9})\.?[\s-]+(\d{4}|\d\d),?\s+` + clockPart + zonePart + `\s*(?:\(.*\))?$`)
	asctimeForm = regexp.MustCompile(`^(?:[A-Za-z]{3,9},?\s+)?([A-Za-z]{3})\s+(\d{1,2})\s+` + clockPart + zonePart + `\s+(\d{4})$`)
	digitForm   = regexp.MustCompile(`^\d{9,19}$`)
)

// ParseTime reads a point in time in the ways in which programs write it: RFC 3339
// and ISO 8601 with letters of either case, a blank for T, a comma for the point,
// offsets with and without colon, or none, which is UTC; as mails have it, and C's
// asctime; 14 digits as MediaWiki has it; Unix time in seconds to nanoseconds. Second
// 60 is the next second. ok is false for all else.
func ParseTime(text string) (at time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) > 80 {
		return at, false
	}
	if digitForm.MatchString(text) {
		return parseDigits(text)
	}
	if m := isoForm.FindStringSubmatch(text); m != nil {
		return pointIn(m[1], m[3], m[4], m[5:])
	}
	if m := mailForm.FindStringSubmatch(text); m != nil {
		return pointIn(fullYear(m[3]), month(m[2]), m[1], m[4:])
	}
	if m := asctimeForm.FindStringSubmatch(text); m != nil {
		return pointIn(m[8], month(m[1]), m[2], m[3:8])
	}
	return at, false
}

// AddTime adds the field "time"; a text that is no time is kept as "time_".
func (e *Event) AddTime(text string) {
	if at, ok := ParseTime(text); ok {
		e.Add("time", ircbus.FormatTime(at))
		return
	}
	e.Keep("time", text)
}

// parseDigits reads Unix time by its length, and a date with a time.
func parseDigits(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
	case len(text) <= 10:
		return time.Unix(n, 0).UTC(), true
	case len(text) == 13:
		return time.UnixMilli(n).UTC(), true
	case len(text) == 14:
		at, err := time.Parse("20060102150405", text)
		return at, err == nil
	case len(text) == 16:
		return time.UnixMicro(n).UTC(), true
	case len(text) == 19:
		return time.Unix(0, n).UTC(), true
	}
	return time.Time{}, false
}

// pointIn makes a time of its parts as they are written: hour, minute, second,
// fraction and zone may be empty.
func pointIn(yearText, monthText, dayText string, clock []string) (time.Time, bool) {
	year, mon, day := number(yearText), number(monthText), number(dayText)
	hour, minute, second := number(clock[0]), number(clock[1]), number(clock[2])
	nanoseconds := number((clock[3] + "000000000")[:9])
	offset, known := Offset(clock[4])
	midnight := time.Date(year, time.Month(mon), day, 0, 0, 0, 0, time.UTC)
	switch {
	case !known, midnight.Day() != day, int(midnight.Month()) != mon, year < 1:
	case hour > 24, hour == 24 && (minute > 0 || second > 0), minute > 59, second > 60:
	default:
		at := midnight.Add(time.Duration((hour*60+minute)*60+second-offset)*time.Second + time.Duration(nanoseconds))
		return at, 0 < at.Year() && at.Year() <= 9999
	}
	return time.Time{}, false
}

// Offset reads a zone, by name or as "+01:00", "+0100", "+01"; "" is UTC. It is in
// seconds.
func Offset(zone string) (seconds int, known bool) {
	if zone == "" {
		return 0, true
	}
	if seconds, known = Zones[strings.ToUpper(zone)]; known {
		return seconds, true
	}
	digits := strings.ReplaceAll(strings.TrimLeft(zone, "+-−"), ":", "")
	if len(digits) == len(zone) || len(digits) < 2 || len(digits) > 4 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	hours, minutes := number(digits[:2]), number(digits[2:])
	seconds = (hours*60 + minutes) * 60
	if zone[0] != '+' {
		seconds = -seconds
	}
	return seconds, hours < 24 && minutes < 60
}

// number reads digits; 0 of none.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the forms have let nothing else in
	return n
}

// month is the number of a month by its English name.
func month(name string) string {
	for m := time.January; m <= time.December; m++ {
		if full := m.String(); len(name) >= 3 && len(name) <= len(full) && strings.EqualFold(full[:len(name)], name) {
			return strconv.Itoa(int(m))
		}
	}
	return ""
}

// fullYear makes four digits of two (RFC 5322, section 4.3).
func fullYear(year string) string {
	switch {
	case len(year) == 4:
		return year
	case year < "50":
		return "20" + year
	}
	return "19" + year
}
