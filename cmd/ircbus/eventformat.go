package main

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/ircd/readable"
)

// maxTextLine is the length, in bytes, to which a line for people is shortened.
const maxTextLine = 1000

// eventFormat returns what appends an event, without a line end, in a format of
// follow and changes: qs, text, or else JSON.
func eventFormat(name string) func(dst []byte, e *ircbus.Event) []byte {
	switch name {
	case "qs":
		return appendPacked
	case "text":
		return textFormat()
	}
	return func(dst []byte, e *ircbus.Event) []byte { return e.AppendJSON(dst) }
}

// appendPacked writes a packed line as long as it needs to be.
func appendPacked(dst []byte, e *ircbus.Event) []byte {
	dst = append(dst, "id="...)
	dst = strconv.AppendUint(dst, uint64(e.ID), 10)
	dst = append(dst, '&')
	return e.Fields.Append(dst)
}

// textFormat writes lines for people: when, where, what.
func textFormat() func([]byte, *ircbus.Event) []byte {
	style, err := readable.Named("plain")
	if err != nil {
		panic(err) // it is built in
	}
	return func(dst []byte, e *ircbus.Event) []byte {
		dst = e.At.Local().AppendFormat(dst, "2006-01-02 15:04:05 ")
		dst = append(dst, harmless(e.Channel)...)
		dst = append(dst, ' ')
		line := style.Line(e, maxTextLine)
		if line == "" {
			line = e.Fields.Encode()
		}
		return append(dst, harmless(line)...)
	}
}

// harmless removes what could steer a terminal: events are written by strangers.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}
