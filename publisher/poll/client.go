package poll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/ircbus/ircbus/publisher/content"
	"github.com/ircbus/ircbus/publisher/webclient"
)

const (
	maxAnswer = 16 << 20 // bytes
	maxHeader = 64 << 10
	timeout   = time.Minute // for a request with its answer
)

// busyError is an answer by which a wiki wants to be left alone.
type busyError struct {
	error
	wait time.Duration // at least; 0 if it does not say
}

// client asks one wiki. It is used by one goroutine.
type client struct {
	http  *http.Client
	agent string
	limit int // bytes of an answer, unpacked

	// Of the last answer.
	etag, modified string
	retryAfter     time.Duration
}

func newClient(agent string) *client {
	transport := webclient.Transport()
	transport.MaxResponseHeaderBytes = maxHeader
	return &client{agent: agent, limit: maxAnswer, http: &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: webclient.StayOnHost}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// ask gets the answer to a question; nil if it is the one that is known.
func (c *client) ask(ctx context.Context, q question) ([]byte, error) {
	c.etag, c.modified, c.retryAfter = "", "", 0
	request, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, errors.Unwrap(err) // the address is said elsewhere
	}
	defer response.Body.Close()
	c.retryAfter = retryAfter(response.Header.Get("Retry-After"), time.Now())
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return nil, nil
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return nil, &busyError{fmt.Errorf("the wiki answers %s", response.Status), c.retryAfter}
	default:
		return nil, fmt.Errorf("the wiki answers %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(c.limit)+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	}
	if len(body) > c.limit {
		return nil, fmt.Errorf("the answer has more than %d bytes", c.limit)
	}
	if body, err = content.Text(response.Header.Get("Content-Type"), body); err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	c.etag, c.modified = response.Header.Get("ETag"), response.Header.Get("Last-Modified")
	return body, nil
}

func (c *client) request(ctx context.Context, q question) (*http.Request, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	}
	request, err := http.NewRequestWithContext(ctx, method, q.url, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", c.agent)
	request.Header.Set("Accept-Language", "en") // MoinMoin says in words what was done
	if q.body != nil {
		request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	}
	if q.etag != "" {
		request.Header.Set("If-None-Match", q.etag)
	}
	if q.modified != "" {
		request.Header.Set("If-Modified-Since", q.modified)
	}
	return request, nil
}

// accept notes in the place that everything in the last answer is stored.
func (c *client) accept(p *place) { p.ETag, p.Modified = c.etag, c.modified }

// patient makes a refusal that stands in an answer one with the time that its
// header says.
func (c *client) patient(err error) error { return &busyError{err, c.retryAfter} }

// retryAfter reads the header of that name (RFC 9110, section 10.2.3); 0 if it says
// nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxWait/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
