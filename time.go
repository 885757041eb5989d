package ircbus

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a point in time in any of the ways the bus accepts
// (docs/protocol.md, "Getting old events"): RFC 3339, "now", a duration back
// from now ("-2h", "-7d", "-1h30m"), Unix seconds, Unix microseconds
// (16 digits), a MediaWiki timestamp (14 digits, UTC).
func ParseTime(s string, now time.Time) (time.Time, error) {
	switch {
	case s == "now":
		return now.UTC(), nil
	case strings.HasPrefix(s, "-"):
		if back, err := ParseAge(s[1:]); err == nil {
			return now.Add(-back).UTC(), nil
		}
	case isDigits(s):
		if t, ok := parseDigits(s); ok {
			return t, nil
		}
	default:
		if t, err := time.Parse(time.DateOnly, s); err == nil && t.Year() > 0 {
			return t, nil
		}
		// A + that was meant literally in a query string arrives as a blank.
		if t, err := time.Parse(time.RFC3339Nano, strings.Replace(s, " ", "+", 1)); err == nil && t.Year() > 0 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: use 2026-11-20T10:00:00Z, 2026-11-20, now, -2h, -7d, Unix seconds or 20261120100000", clip(s))
}

// ParseAge reads a duration as time.ParseDuration does, and also whole days and
// weeks: "90d", "2w", "1d12h". It must not be negative.
func ParseAge(s string) (time.Duration, error) {
	rest, total := s, time.Duration(0)
	for _, unit := range []struct {
		suffix string
		length time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		count, after, found := strings.Cut(rest, unit.suffix)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(count, 10, 32)
		if err != nil || n > uint64(100*365*24*time.Hour/unit.length) {
			return 0, fmt.Errorf("%q is not a duration: use 90s, 2h, 7d", clip(s))
		}
		total, rest = total+time.Duration(n)*unit.length, after
	}
	if rest != "" || total == 0 {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("%q is not a duration: use 90s, 2h, 7d", clip(s))
		}
		total += d
	}
	return total, nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func parseDigits(s string) (time.Time, bool) {
	if len(s) == 14 {
		t, err := time.Parse("20060102150405", s)
		return t, err == nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	switch {
	case len(s) == 16:
		return time.UnixMicro(n).UTC(), true
	case len(s) <= 11:
		return time.Unix(n, 0).UTC(), true
	}
	return time.Time{}, false
}
