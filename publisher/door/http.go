package door

import (
	"errors"
	"io"
	"net/http"
	"net/netip"

	"github.com/ircbus/ircbus"
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

// ReadBody reads the whole body of a request, as much as the API lets through.
// The error is the answer.
func ReadBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, ircbus.Refuse(ircbus.EventTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, &HTTPError{Status: http.StatusBadRequest, Detail: "the body could not be read to its end"}
	}
	return body, nil
}
