package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
	"github.com/ircbus/ircbus/publisher/content"
)

// Problem is an error that is its own HTTP answer (RFC 9457,
// application/problem+json).
type Problem struct {
	Status    int         `json:"status"`
	Title     string      `json:"title"`               // the status in words
	Detail    string      `json:"detail"`              // one sentence: what is wrong and what to do
	Parameter string      `json:"parameter,omitempty"` // the query parameter that is wrong
	Code      ircbus.Code `json:"code,omitempty"`      // why an event was refused
	Index     *int        `json:"index,omitempty"`     // which event of the batch, from 0
	Tombstone ircbus.ID   `json:"tombstone,omitempty"` // the event that tells why one is gone

	RetryAfter int `json:"-"` // seconds; 0 = no such header
}

func (p *Problem) Error() string { return p.Detail }

// HTTPStatus makes a Problem the answer of a door, too.
func (p *Problem) HTTPStatus() (status, retryAfter int) { return p.Status, p.RetryAfter }

// statuses is the one place that says how a refusal looks over HTTP.
var statuses = map[ircbus.Code]struct{ status, retryAfter int }{
	ircbus.InvalidEvent:     {http.StatusBadRequest, 0},
	ircbus.EventTooLarge:    {http.StatusRequestEntityTooLarge, 0},
	ircbus.RateLimited:      {http.StatusTooManyRequests, 5},
	ircbus.StoreUnavailable: {http.StatusServiceUnavailable, 5},
	ircbus.NotPublisher:     {http.StatusForbidden, 0},
	ircbus.NoSuchEvent:      {http.StatusNotFound, 0},
}

func badParameter(name, format string, args ...any) *Problem {
	return &Problem{
		Status:    http.StatusBadRequest,
		Parameter: clip(name),
		Detail:    fmt.Sprintf("the parameter %q: ", clip(name)) + fmt.Sprintf(format, args...),
	}
}

func notFound(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusNotFound, Detail: fmt.Sprintf(format, args...)}
}

// clip keeps what a stranger wrote short in an answer.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}

// asProblem turns any error into an answer; nil stands for an error that the
// caller did not make and must not see.
func asProblem(err error) *Problem {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	if refusal := (*ircbus.Refusal)(nil); errors.As(err, &refusal) {
		if s, ok := statuses[refusal.Code]; ok {
			return &Problem{Status: s.status, RetryAfter: s.retryAfter, Code: refusal.Code, Detail: refusal.Reason}
		}
	}
	if answer := (interface {
		HTTPStatus() (status, retryAfter int)
	})(nil); errors.As(err, &answer) {
		status, retryAfter := answer.HTTPStatus()
		return &Problem{Status: status, RetryAfter: retryAfter, Detail: err.Error()}
	}
	if errors.Is(err, history.ErrClosed) {
		return &Problem{Status: http.StatusServiceUnavailable, RetryAfter: 5, Detail: "the bus is stopping; try again soon"}
	}
	return nil
}

// fail answers with a problem. An answer whose header is out already cannot
// become one: handlers end those by panicking with http.ErrAbortHandler.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	h.writeProblem(w, h.problem(r, r.URL.Path, err))
}

// problem is the answer for an error. If it is an internal one, the log names the
// path.
func (h *Handler) problem(r *http.Request, path string, err error) Problem {
	if p := asProblem(err); p != nil {
		return *p
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // nobody is there to read an answer; none must look like success
	}
	h.Logger.Error("request failed", "method", r.Method, "path", path, "err", err)
	return Problem{Status: http.StatusInternalServerError, Detail: "an internal error; the bus's log says more"}
}

func (h *Handler) writeProblem(w http.ResponseWriter, p Problem) {
	p.Title = http.StatusText(p.Status)
	header := w.Header()
	p.setHeaders(header)
	body := mustJSON(p)
	for _, name := range []string{"ETag", "Link", "Content-Encoding", "Cache-Control"} {
		header.Del(name)
	}
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	w.Write(body) // the reader may have gone; there is no one else to tell
}

// setHeaders sets what a status asks for beside the body.
func (p *Problem) setHeaders(header http.Header) {
	switch {
	case p.Status == http.StatusUnauthorized:
		header.Add("WWW-Authenticate", `Basic realm="ircbus", charset="UTF-8"`)
		header.Add("WWW-Authenticate", `Bearer realm="ircbus"`)
	case p.Status == http.StatusUnsupportedMediaType:
		header.Set("Accept-Encoding", content.Codings)
	case p.RetryAfter > 0:
		header.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
}
