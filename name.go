package ircbus

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of names, in bytes. Together with a server name of MaxServerLen they
// leave at least MinPart bytes of a 512-byte line for an event.
const (
	MaxNameLen    = 32  // account, and so nick, of a publisher
	MaxChannelLen = 64  // channel without a filter
	MaxViewLen    = 160 // channel with its filter
	MaxServerLen  = 63
)

// Fold is the bus's CASEMAPPING, ascii: names that differ only in the case of
// A–Z are the same name.
func Fold(name string) string {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' {
			return foldASCII(name)
		}
	}
	return name
}

func foldASCII(name string) string {
	b := []byte(name)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// CheckName says what is wrong with the name of an account: it must be a nick
// that every IRC client accepts and that can stand in a channel name and a path
// without escapes.
func CheckName(name string) error {
	if name == "" {
		return Refuse(InvalidEvent, "a name is missing")
	}
	if len(name) > MaxNameLen {
		return Refuse(InvalidEvent, "the name %.20q… has %d bytes, the limit is %d", name, len(name), MaxNameLen)
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return Refuse(InvalidEvent, "the name %q must be letters A–Z, digits, _ and -, and begin with a letter or _", name)
		}
	}
	return nil
}

// services are nicks that people expect to be answered by the server itself, and
// to which they send passwords.
var services = []string{"nickserv", "chanserv", "saslserv", "memoserv", "operserv", "hostserv", "botserv"}

// IsService reports whether the name is that of a service, which neither people
// nor accounts can have.
func IsService(name string) bool { return slices.Contains(services, Fold(name)) }

// CheckChannel says what is wrong with a channel's name (without a filter).
func CheckChannel(name string) error {
	if len(name) < 2 || name[0] != '#' {
		return Refuse(InvalidEvent, "the channel %q must begin with #", clip(name))
	}
	if len(name) > MaxChannelLen {
		return Refuse(InvalidEvent, "the channel %.20q… has %d bytes, the limit is %d", name, len(name), MaxChannelLen)
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r == 127 || strings.ContainsRune(",:?*!@", r)
	}) {
		return Refuse(InvalidEvent, "the channel %q has a character that no channel may have", name)
	}
	return nil
}
