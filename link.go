package ircbus

import (
	"fmt"
	"strings"
	"unicode"
)

// linkSchemes are the schemes of addresses that may be links, with what stands
// behind them.
var linkSchemes = []string{"https://", "http://", "irc://", "ircs://", "mailto:"}

// Link returns the address, if it may leave the bus as a link, or "". Events are
// written by strangers: what follows a link must not run as a program, as
// javascript: and data: do in a browser, nor open a file of the reader's. What does
// not belong into an address, and could end it where others show it, is escaped.
func Link(address string) string {
	for _, scheme := range linkSchemes {
		if len(address) <= len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
			continue
		}
		if strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f }) || address[len(scheme)] == '/' {
			return "" // what some programs leave out, and an address without a host
		}
		return escapeLink(address)
	}
	return ""
}

// endsLink reports whether a character ends an address where programs look for one
// in a text or write one into HTML, or hides what it is.
func endsLink(r rune) bool {
	return strings.ContainsRune(" \"<>`", r) || r > 0x7f && unicode.In(r, unicode.Z, unicode.Cf, unicode.Cc)
}

func escapeLink(address string) string {
	if !strings.ContainsFunc(address, endsLink) {
		return address
	}
	var b strings.Builder
	for _, r := range address {
		if !endsLink(r) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// HoldsLink reports whether the fields of that name hold addresses.
func HoldsLink(key string) bool {
	return key == "diff" || key == "history" || strings.HasSuffix(Fold(key), "url")
}
