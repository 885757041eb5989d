package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// httpDoor publishes over HTTP: a batch of newline-delimited JSON a request, one
// request at a time.
type httpDoor struct {
	text              load.Text
	since             func() time.Duration
	client            *http.Client
	url               string
	account, password string
	body, line        []byte

	sent, acknowledged atomic.Uint32

	mu   sync.Mutex
	took load.Histogram // guarded by mu
}

func newHTTPDoor(p *publishing, text load.Text, n int) (*httpDoor, error) {
	login := p.server.login(n)
	base := p.HTTP
	if p.server.child != nil {
		base = "http://" + p.server.child.http
	}
	return &httpDoor{
		text: text, since: p.crowd.Since, client: &http.Client{Transport: &http.Transport{}},
		url:     strings.TrimSuffix(base, "/") + "/events?channel=" + strings.TrimPrefix(p.Channel, "#"),
		account: login.Account, password: login.Password,
	}, nil
}

func (d *httpDoor) publish(ctx context.Context, n int) error {
	began := d.since()
	d.body = d.body[:0]
	for seq := d.sent.Load(); seq < d.sent.Load()+uint32(n); seq++ {
		if err := d.event(seq, began); err != nil {
			return err
		}
	}
	d.sent.Add(uint32(n))
	// What has been begun is ended, so that it counts.
	count, err := d.post(context.WithoutCancel(ctx))
	if err != nil {
		return err
	}
	if count != n {
		return fmt.Errorf("%d of %d events were acknowledged", count, n)
	}
	d.acknowledged.Add(uint32(n))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.took.Record(d.since() - began)
	return nil
}

// event appends one event to the body.
func (d *httpDoor) event(seq uint32, at time.Duration) error {
	d.line = d.text.AppendText(d.line[:0], seq, at)
	fields, err := ircbus.Parse(string(d.line))
	if err != nil {
		return err
	}
	d.body = append(fields.AppendJSON(d.body), '\n')
	return nil
}

// post sends the body and returns how many events were acknowledged.
func (d *httpDoor) post(ctx context.Context) (count int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(d.account, d.password)
	request.Header.Set("Content-Type", "application/x-ndjson")
	answer, err := d.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusCreated {
		return 0, fmt.Errorf("the bus answers %s: %.200s", answer.Status, text)
	}
	return bytes.Count(text, []byte(`"id":`)), nil
}

func (d *httpDoor) finish(context.Context) error { return nil }

func (d *httpDoor) figures() (sent uint32, acknowledged uint64, took *load.Histogram) {
	d.mu.Lock()
	defer d.mu.Unlock()
	copied := d.took
	return d.sent.Load(), uint64(d.acknowledged.Load()), &copied
}

func (d *httpDoor) close() { d.client.CloseIdleConnections() }
