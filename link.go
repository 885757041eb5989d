package ircbus

import "strings"

// linkSchemes are the schemes of addresses that may be links, with what stands
// behind them.
var linkSchemes = []string{"https://", "http://", "irc://", "ircs://", "mailto:"}

// Link returns the address, if it may leave the bus as a link, or "". Events are
// written by strangers: what follows a link must not run as a program, as
// javascript: and data: do in a browser, nor open a file of the reader's.
func Link(address string) string {
	for _, scheme := range linkSchemes {
		if len(address) <= len(scheme) || !strings.EqualFold(address[:len(scheme)], scheme) {
			continue
		}
		if strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f }) || address[len(scheme)] == '/' {
			return "" // what some programs leave out, and an address without a host
		}
		return address
	}
	return ""
}

// HoldsLink reports whether the fields of that name hold addresses.
func HoldsLink(key string) bool {
	return key == "diff" || key == "history" || strings.HasSuffix(Fold(key), "url")
}
