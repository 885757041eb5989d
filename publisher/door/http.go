package door

import (
	"errors"
	"io"
	"net/http"
	"net/netip"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/content"
)

// HTTPError is an error that is its own answer over HTTP.
type HTTPError struct {
	Status     int
	Detail     string // one sentence: what is wrong and what to do
	RetryAfter int    // seconds; 0 = no such header
}

func (e *HTTPError) Error() string { return e.Detail }

// HTTPStatus is how the API answers.
func (e *HTTPError) HTTPStatus() (status, retryAfter int) { return e.Status, e.RetryAfter }

// CountedOf is the address under which guesses of a request's sender count.
func CountedOf(r *http.Request) netip.Addr { return ircbus.OriginOf(r.RemoteAddr).Counted }

// ReadBody reads the whole body of a request as it was sent, as much as the API lets
// through: what a signature is over. Inflate and Text read on. The error is the
// answer.
func ReadBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, ircbus.Refuse(ircbus.EventTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	}
	if answer, ok := errors.AsType[interface {
		error
		HTTPStatus() (status, retryAfter int)
	}](err); ok { // there is no room, or nothing comes
		return nil, answer
	}
	if err != nil {
		return nil, &HTTPError{Status: http.StatusBadRequest, Detail: "the body could not be read to its end"}
	}
	return body, nil
}

// Proven says that a request is from somebody who may publish: from now on its body
// does not count among those of strangers, which share little room.
func Proven(r *http.Request) {
	if body, ok := r.Body.(interface{ Proven() }); ok {
		body.Proven()
	}
}

// defaultLimit is how many bytes a body may have inflated if the API does not say.
const defaultLimit = 1 << 20

// Inflate returns the body that ReadBody has read without its Content-Encoding, as
// much as the API would let through without one. The error is the answer.
func Inflate(r *http.Request, body []byte) ([]byte, error) {
	limit := int64(defaultLimit)
	if limited, ok := r.Body.(interface{ Limit() int64 }); ok {
		limit = limited.Limit()
	}
	return content.Inflate(r.Header.Values("Content-Encoding"), body, limit)
}

// Text returns the body that ReadBody has read as UTF-8, without its Content-Encoding
// and byte order mark (see content.Text). The error is the answer.
func Text(r *http.Request, body []byte) ([]byte, error) {
	body, err := Inflate(r, body)
	if err != nil {
		return nil, err
	}
	return content.Text(r.Header.Get("Content-Type"), body)
}

// ReadText is ReadBody and Text.
func ReadText(r *http.Request) ([]byte, error) {
	body, err := ReadBody(r)
	if err != nil {
		return nil, err
	}
	return Text(r, body)
}
