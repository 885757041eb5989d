// Package content reads the bodies and texts that come from other programs: it
// undoes their Content-Encoding, and makes UTF-8 of their charset. Every door and
// POST /events reads with it, so that all of them take the same.
package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strings"

	"github.com/ircbus/ircbus"
)

// The statuses of HTTP with which bodies are refused (RFC 9110, section 15.5).
const (
	badRequest           = 400
	unsupportedMediaType = 415
)

// Error is a body that cannot be read. It is its own answer over HTTP.
type Error struct {
	Status int    // of HTTP
	Detail string // one sentence
}

func (e *Error) Error() string { return e.Detail }

// HTTPStatus is how the API answers.
func (e *Error) HTTPStatus() (status, retryAfter int) { return e.Status, 0 }

// Codings are the content codings that Inflate undoes, as Accept-Encoding says them
// (RFC 9110, section 12.5.3).
const Codings = "gzip, deflate"

// maxCodings limits how many codings lie one over the other.
const maxCodings = 2

// Inflate returns a body without its Content-Encoding (RFC 9110, section 8.4): gzip,
// deflate and identity, also several, given as the values of that header. limit is how many bytes the result may have.
// The error is an *Error with 415 for another coding and 400 for a broken body, or
// an *ircbus.Refusal for one that is too large.
func Inflate(contentEncoding []string, body []byte, limit int64) ([]byte, error) {
	var codings []string
	for value := range strings.SplitSeq(strings.Join(contentEncoding, ","), ",") {
		if coding := strings.ToLower(strings.TrimSpace(value)); coding != "" && coding != "identity" {
			codings = append(codings, coding)
		}
	}
	if len(codings) > maxCodings {
		return nil, unsupported("the Content-Encoding names %d codings; %d are taken at most", len(codings), maxCodings)
	}
	for i := len(codings) - 1; i >= 0; i-- { // the last was applied last
		var err error
		if body, err = inflate(codings[i], body, limit); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func unsupported(format string, args ...any) *Error {
	return &Error{unsupportedMediaType, fmt.Sprintf(format, args...)}
}

// inflate undoes one coding.
func inflate(coding string, body []byte, limit int64) ([]byte, error) {
	if len(body) == 0 {
		return body, nil
	}
	var r io.Reader
	var err error
	switch coding {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(body)); err != nil {
			r, err = flate.NewReader(bytes.NewReader(body)), nil // some send it without zlib's frame
		}
	default:
		return nil, unsupported("the Content-Encoding %.40q is not taken: send the body with gzip or deflate, or as it is", coding)
	}
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(r, limit+1))
	}
	switch {
	case err != nil:
		return nil, &Error{badRequest, fmt.Sprintf("the body is not the %s that its Content-Encoding says, or it is broken", coding)}
	case int64(len(plain)) > limit:
		return nil, ircbus.Refuse(ircbus.EventTooLarge, "the body has more than %d bytes when it is inflated", limit)
	}
	return plain, nil
}
