package prism

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/door"
)

// Path is where the original takes messages over HTTP.
const Path = "/notification/send"

// ServeHTTP takes one message: the parameters of the address, or of a POST the
// body, which is JSON or a form whatever its Content-Type says. It answers when
// the message is on disk. An error is the answer.
func (s *Source) ServeHTTP(w http.ResponseWriter, r *http.Request) error {
	s.in.Received(1)
	from := ircbus.OriginOf(r.RemoteAddr)
	m, err := parseRequest(r)
	if err != nil {
		s.in.Refuse(door.Malformed, r.RemoteAddr, err)
		return err
	}
	if name, secret, ok := r.BasicAuth(); ok && m.Name == "" {
		m.Name, m.Secret = name, secret
	}
	sender, err := s.identify(r.Context(), m, from)
	switch {
	case errors.Is(err, door.ErrGuesses):
		return err
	case err != nil:
		return &door.HTTPError{Status: http.StatusForbidden, Detail: err.Error()}
	}
	door.Proven(r)
	input, err := s.address(m, m.event(), sender)
	if err != nil {
		s.in.Refuse(door.Target, sender, err)
		return &door.HTTPError{Status: http.StatusBadRequest, Detail: err.Error()}
	}
	if ok, wait := s.storm.Pass(sender, m.Text); !ok {
		s.in.Refuse(door.Rate, sender, errStorm)
		return &door.HTTPError{Status: http.StatusTooManyRequests, Detail: errStorm.Error(), RetryAfter: int(math.Ceil(wait.Seconds()))}
	}
	if _, err := s.in.Store(r.Context(), input); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusAccepted)
	io.WriteString(w, "message passed to notifiers") // stored all the same if the sender has gone
	return nil
}

func parseRequest(r *http.Request) (*Message, error) {
	if r.Method != http.MethodPost {
		return ParseValues(r.URL.RawQuery)
	}
	body, err := door.ReadText(r)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, errNoMessage
	case body[0] == '{':
		return ParseJSON(body)
	case body[0] == '[' || body[0] == '"':
		return nil, ircbus.Refuse(ircbus.InvalidEvent, "the body must be a JSON object like {\"message\":\"…\"}, or a form")
	}
	return ParseValues(string(body))
}
