// Package readable makes the lines of the channels that people read: one line
// for each event, in a built-in style or by a template of the bus's owner
// (docs/protocol.md, "A readable line").
//
// No line is ever longer than asked for, cuts a character, or lets a value of
// the event end the line or change its colours.
package readable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// Style makes readable lines. It is safe for concurrent use.
type Style struct {
	name string

	// prepare chooses an event's values for a line and makes them harmless.
	prepare func(*ircbus.Event) values
	// render puts the values, some perhaps shortened since, into the line.
	render func(values) string
}

// values are what a line shows, by name. Only whole values are shortened, so
// that a style's own colours and punctuation survive.
type values map[string]string

// Named returns a built-in style: "plain", "colour", or "mediawiki", which makes
// the very line that MediaWiki sends to IRC. MediaWiki writes the name of the
// Special namespace in the wiki's language, which no event tells:
// "mediawiki:מיוחד" sets it.
func Named(style string) (*Style, error) {
	name, special, hasWord := strings.Cut(style, ":")
	switch {
	case style == "plain":
		return &Style{name: style, prepare: describe, render: plainLine}, nil
	case style == "colour":
		return &Style{name: style, prepare: describe, render: colourLine}, nil
	case name == "mediawiki" && (!hasWord || special != "" && clean(special) == special):
		if !hasWord {
			special = "Special"
		}
		m := mediaWiki{special: special}
		return &Style{name: style, prepare: m.prepare, render: m.render}, nil
	}
	return nil, fmt.Errorf("there is no text style %q: use plain, colour, mediawiki, mediawiki:WORD (the wiki's own word for Special) or a template", style)
}

// String returns the name of a built-in style, or the text of a template.
func (s *Style) String() string { return s.name }

// Line returns the event as one line of at most max bytes of UTF-8, without CR,
// LF and NUL. If it is too long, first the comment and then the longest other
// values are shortened, each with "…" where something is missing. Only a
// template can make an empty line.
func (s *Style) Line(e *ircbus.Event, max int) string {
	if r, ok := e.Redacts(); ok {
		return cut(strings.TrimSpace(clean(r.String())), max) // in every style
	}
	v := s.prepare(e)
	render := func() string { return oneLine(s.render(v)) } // whose length counts
	line := render()
	settled := make(map[string]bool) // values that can give no more
	for len(line) > max {
		key := nextToShorten(v, settled, max)
		if key == "" {
			break
		}
		was := v[key]
		v[key] = shorten(key, was, len(line)-max)
		shorter := render()
		switch {
		case len(shorter) >= len(line): // not in the line, or not any shorter there
			v[key] = was
			settled[key] = true
		default:
			settled[key] = len(v[key]) <= len(ellipsis)
			line = shorter
		}
	}
	return cut(line, max)
}

const ellipsis = "…"

// comments are shortened before anything else, in this order.
var comments = [...]string{"comment", "log_action_comment", "text"}

// nextToShorten chooses the value that matters least; "" if none is left.
// An address is useless when cut: it goes early if it is very long, else last.
// Numbers stay: a cut one would be a lie.
func nextToShorten(v values, settled map[string]bool, max int) string {
	for _, key := range comments {
		if v[key] != "" && !settled[key] {
			return key
		}
	}
	var address, other string
	for key, value := range v {
		longest := &other
		if isAddress(value) {
			longest = &address
		}
		// The name decides between equals, so that a line is always the same.
		if strings.Trim(value, "+-0123456789") != "" && !settled[key] && (*longest == "" || len(value) > len(v[*longest]) ||
			len(value) == len(v[*longest]) && key < *longest) {
			*longest = key
		}
	}
	if address != "" && (other == "" || len(v[address]) > max/3) {
		return address
	}
	return other
}

// shorten takes at least excess bytes from a value, the mark included.
func shorten(key, value string, excess int) string {
	if isAddress(value) && !slices.Contains(comments[:], key) {
		return ellipsis
	}
	return cut(strings.TrimSuffix(value, ellipsis)+ellipsis, max(len(value)-excess, len(ellipsis)))
}

func isAddress(value string) bool {
	return strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://")
}
