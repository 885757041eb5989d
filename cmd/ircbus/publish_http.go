package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"
)

// Limits of one POST; the bus takes more.
const (
	maxPostEvents = 500
	maxPostBytes  = 1 << 20
)

// httpDoor posts events to /events in batches: as many as have been read while
// the batch before was under way.
type httpDoor struct {
	client   *http.Client
	endpoint string
	login    func(*http.Request)
	timeout  time.Duration
	answered bool // the bus has answered before: lost connections are worth another try
}

func newHTTPDoor(c *publishCmd, base, channel string, s secret) (*httpDoor, error) {
	u, client, login, err := c.overHTTP(base, s)
	if err != nil {
		return nil, err
	}
	u = u.JoinPath("events")
	if channel != "" {
		u.RawQuery = url.Values{"channel": {channel}}.Encode()
	}
	return &httpDoor{client: client, endpoint: u.String(), login: login, timeout: c.Timeout}, nil
}

// dialLoopback refuses to carry a password to another machine in plain text.
func dialLoopback(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		conn.Close()
		return nil, errPlaintext
	}
	return conn, nil
}

var errPlaintext = errors.New("the password would cross the network in plain text: use https:// (or --insecure-plaintext)")

// item is an event on its way into a batch.
type item struct {
	in   input
	key  string
	json []byte // with a line end
}

func (d *httpDoor) publish(ctx context.Context, in <-chan input, report func(input, outcome)) error {
	posting, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(parting, giveUp) })()
	for {
		batch, more := gather(in, report)
		if err := d.post(posting, batch, report); err != nil {
			return err
		}
		if !more || ctx.Err() != nil {
			return nil
		}
	}
}

func (d *httpDoor) finish(context.Context) error {
	d.client.CloseIdleConnections()
	return nil
}

// gather waits for an event and takes what else is there already.
func gather(in <-chan input, report func(input, outcome)) (batch []item, more bool) {
	size := 0
	add := func(i input) {
		it, err := newItem(i)
		if err != nil {
			report(i, outcome{err: err})
			return
		}
		batch = append(batch, it)
		size += len(it.json)
	}
	first, more := <-in
	if !more {
		return nil, false
	}
	for add(first); len(batch) < maxPostEvents && size < maxPostBytes; {
		select {
		case next, more := <-in:
			if !more {
				return batch, false
			}
			add(next)
		default:
			return batch, true
		}
	}
	return batch, true
}

// newItem checks an event here, so that it cannot spoil a batch, and sees that
// it has a key, so that a batch can be posted again.
func newItem(i input) (item, error) {
	if i.err != nil {
		return item{}, i.err
	}
	f := i.fields
	if !f.Has("key") {
		f = append(f, ircbus.Field{Key: "key", Value: rand.Text()})
	}
	if _, err := ircbus.Accept(f, maxPostBytes); err != nil { // the bus knows its own limit
		return item{}, err
	}
	return item{i, f.Get("key"), append(f.AppendJSON(nil), '\n')}, nil
}

// post publishes a batch and reports each event. If the bus refuses one, the
// others go in without it. An error ends everything.
func (d *httpDoor) post(ctx context.Context, batch []item, report func(input, outcome)) error {
	for len(batch) > 0 {
		ids, err := d.tryPost(ctx, batch)
		var refused *postProblem
		switch {
		case err == nil:
			for i, e := range ids {
				report(batch[i].in, outcome{id: e.ID, key: batch[i].key, duplicate: &e.Duplicate})
			}
			return nil
		case !errors.As(err, &refused) || !refused.isAboutEvents():
			report(batch[0].in, outcome{err: err})
			return err
		case refused.Index != nil && *refused.Index >= 0 && *refused.Index < len(batch):
			// Those before it first, to keep the order.
			i := *refused.Index
			if err := d.post(ctx, batch[:i], report); err != nil {
				return err
			}
			report(batch[i].in, outcome{err: err})
			batch = batch[i+1:]
		case len(batch) > 1:
			half := len(batch) / 2
			if err := d.post(ctx, batch[:half], report); err != nil {
				return err
			}
			batch = batch[half:]
		default:
			report(batch[0].in, outcome{err: err})
			return nil
		}
	}
	return nil
}

type postedEvent struct {
	ID        ircbus.ID `json:"id"`
	Duplicate bool      `json:"duplicate"`
}

// postProblem is an answer of the bus that is no success (RFC 9457).
type postProblem struct {
	Detail string `json:"detail"`
	Index  *int   `json:"index"` // which event of the batch

	status     int
	retryAfter time.Duration
}

func (p *postProblem) Error() string { return p.Detail }

func (p *postProblem) isAboutEvents() bool {
	return p.status == http.StatusBadRequest || p.status == http.StatusRequestEntityTooLarge
}

func (p *postProblem) passes() bool {
	return p.status == http.StatusTooManyRequests || p.status >= 500
}

// tryPost posts a batch, again and again while the bus is away for a moment,
// for as long as --timeout allows.
func (d *httpDoor) tryPost(ctx context.Context, batch []item) ([]postedEvent, error) {
	var body []byte
	for _, it := range batch {
		body = append(body, it.json...)
	}
	end := time.Now().Add(d.timeout)
	for wait := 200 * time.Millisecond; ; wait = min(wait*2, 5*time.Second) {
		ids, err := d.postOnce(ctx, body, len(batch))
		var p *postProblem
		isProblem := errors.As(err, &p)
		d.answered = d.answered || err == nil || isProblem
		switch {
		case err == nil:
			return ids, nil
		case isProblem && !p.passes(), !isProblem && !d.answered, errors.Is(err, errPlaintext), time.Now().Add(wait).After(end):
			return nil, err
		case isProblem:
			wait = max(wait, min(p.retryAfter, time.Until(end)))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (d *httpDoor) postOnce(ctx context.Context, body []byte, events int) ([]postedEvent, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Accept", "application/json")
	d.login(request)
	response, err := d.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the bus: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("the bus's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusCreated {
		return nil, problemOf(response, answer)
	}
	var posted struct {
		Events []postedEvent `json:"events"`
	}
	if err := json.Unmarshal(answer, &posted); err != nil || len(posted.Events) != events {
		return nil, fmt.Errorf("the answer of %s is not that of a bus", d.endpoint)
	}
	return posted.Events, nil
}

func problemOf(response *http.Response, answer []byte) *postProblem {
	p := &postProblem{}
	if !strings.HasSuffix(response.Header.Get("Content-Type"), "json") || json.Unmarshal(answer, p) != nil || p.Detail == "" {
		*p = postProblem{Detail: fmt.Sprintf("%s answered %s", response.Request.URL.Redacted(), response.Status)}
	}
	if p.status = response.StatusCode; p.status == http.StatusUnauthorized { // perhaps it is another bus's password
		p.Detail = fmt.Sprintf("%s://%s: %s", response.Request.URL.Scheme, response.Request.URL.Host, p.Detail)
	}
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		p.retryAfter = time.Duration(seconds) * time.Second
	}
	return p
}
