package ircbus

import (
	"bytes"
	"regexp"
)

// requestLine is the first line of an HTTP request (RFC 9112, 3), as browsers send it.
var requestLine = regexp.MustCompile(`^[A-Z]{3,10} \S+ HTTP/1\.[01]$`)

// requestBegun is what such a line may begin with.
var requestBegun = regexp.MustCompile(`^[A-Z]{0,10}$|^[A-Z]{3,10} \S*$|^[A-Z]{3,10} \S+ (|H|HT|HTT|HTTP|HTTP/|HTTP/1|HTTP/1\.|HTTP/1\.[01]\r?)$`)

// longRequest is what a request line begins with that is too long to be read whole.
var longRequest = regexp.MustCompile(`^[A-Z]{3,10} /\S*$`)

// maxRequestLine is how many bytes of a line are read to tell what it is.
const maxRequestLine = 8 << 10

// IsHTTPLine reports whether a line, without its end, is the first of a request of
// HTTP.
func IsHTTPLine(line []byte) bool { return requestLine.Match(line) }

// IsHTTP tells whether what begins a connection is a request of HTTP. Web pages
// let browsers send one to any port of their reader's machine, with a body of
// their own: so no protocol of lines may read on behind it. maybe says that more
// of the first line must come before that can be told.
func IsHTTP(begin []byte) (is, maybe bool) {
	line, _, whole := bytes.Cut(begin, []byte{'\n'})
	switch {
	case len(line) > maxRequestLine:
		return longRequest.Match(line[:maxRequestLine]), false
	case whole:
		return IsHTTPLine(bytes.TrimSuffix(line, []byte{'\r'})), false
	}
	return false, requestBegun.Match(line)
}
