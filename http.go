package ircbus

import (
	"bytes"
	"regexp"
)

// requestLine is the first line of an HTTP request (RFC 9112, 3), as browsers send it.
// or as what stands between them and the bus may write it.
var requestLine = regexp.MustCompile(`^[A-Za-z-]{3,20} \S+ HTTP/[0-9]\.[0-9]$`)

// requestBegun is what such a line may begin with.
var requestBegun = regexp.MustCompile(`^[A-Za-z-]{0,20}$|^[A-Za-z-]{3,20} \S*$|^[A-Za-z-]{3,20} \S+ (|H|HT|HTT|HTTP|HTTP/|HTTP/[0-9]|HTTP/[0-9]\.|HTTP/[0-9]\.[0-9]\r?)$`)

// longRequest is what a request line begins with that is too long to be read whole.
var longRequest = regexp.MustCompile(`^[A-Za-z-]{3,20} /\S*$`)

// handshake is the first byte of TLS, whose handshake repeats what a server has said
// before, with line ends in it if that server likes.
const handshake = 0x16

// stunCookie is in the first ten bytes of STUN (RFC 8489, section 5), with or without
// the length before it: WebRTC sends it with words of the page in it.
var stunCookie = []byte{0x21, 0x12, 0xa4, 0x42}

const stunBegin = 10

// maxRequestLine is how many bytes of a line are read to tell what it is.
const maxRequestLine = 8 << 10

// IsHTTPLine reports whether a line, without its end, is the first of a request of
// HTTP.
func IsHTTPLine(line []byte) bool { return requestLine.Match(line) }

// FromPage tells whether what begins a connection is what a browser sends for a web
// page: a request of HTTP, TLS, or STUN. Pages let browsers send these to any port of
// their reader's machine, with words of their own: so no protocol of lines may read on
// behind it. maybe says that more must come before that can be told.
func FromPage(begin []byte) (is, maybe bool) {
	switch {
	case len(begin) > 0 && begin[0] == handshake:
		return true, false
	case len(begin) > 0 && begin[0] <= 1:
		return bytes.Contains(begin[:min(len(begin), stunBegin)], stunCookie), len(begin) < stunBegin && !bytes.Contains(begin, stunCookie)
	}
	line, _, whole := bytes.Cut(begin, []byte{'\n'})
	switch {
	case len(line) > maxRequestLine:
		return longRequest.Match(line[:maxRequestLine]), false
	case whole:
		return IsHTTPLine(bytes.TrimSuffix(line, []byte{'\r'})), false
	}
	return false, requestBegun.Match(line)
}
