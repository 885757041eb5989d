package subscriber

import (
	"context"
	"crypto/tls"
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

	"github.com/ircbus/ircbus/publisher/tlsconfig"
	"github.com/ircbus/ircbus/publisher/webclient"
)

const (
	pageLimit = 500 // events asked for at once
	// maxAnswer bounds one answer's bytes. Where events are allowed to be so large
	// that a page has more, fewer are asked for.
	maxAnswer = 64 << 20
	// answerTimeout bounds one request, beyond the time it is meant to wait.
	answerTimeout = 2 * time.Minute
)

// bus is the bus's HTTP side. It may be used by one goroutine.
type bus struct {
	base            string // without a slash at the end
	account, secret string
	http            *http.Client
	limit           int // events asked for at once
}

func newBus(o *Options) *bus {
	transport := webclient.Transport()
	transport.ResponseHeaderTimeout = 90 * time.Second
	if o.TLS != nil {
		transport.TLSClientConfig = tlsconfig.Complete(o.TLS)
		// IRC and HTTP may have different names; each fills in its own.
		transport.TLSClientConfig.ServerName = ""
		transport.TLSClientConfig.NextProtos = nil
	}
	return &bus{
		base:    strings.TrimSuffix(o.HTTP, "/"),
		account: o.Account, secret: o.Secret,
		http:  &http.Client{Transport: transport, CheckRedirect: webclient.StayOnHost},
		limit: pageLimit,
	}
}

// statusError is an answer other than 200.
type statusError struct {
	status int
	detail string
	told   bool          // detail is the bus's own word
	later  time.Duration // when the bus wants to be asked again; 0 if it did not say
}

// maxLater bounds how long the bus may tell us to stay away.
const maxLater = 5 * time.Minute

func (e *statusError) Error() string { return e.detail }

// refused reports whether asking again cannot help. A bare 400 does not say so: HTTP
// servers answer it when a request broke off on its way.
func (e *statusError) refused() bool {
	if e.status == http.StatusBadRequest && !e.told {
		return false
	}
	return e.status >= 400 && e.status < 500 &&
		e.status != http.StatusRequestTimeout && e.status != http.StatusTooManyRequests
}

// get reads the JSON answer at path into v.
func (b *bus) get(ctx context.Context, path string, query url.Values, v any) error {
	query.Set("format", "json")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return err
	}
	if b.account != "" {
		r.SetBasicAuth(b.account, b.secret)
	}
	answer, err := b.http.Do(r)
	if err != nil {
		var ue *url.Error // without it the address would be told twice
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return fmt.Errorf("cannot reach the bus at %s: %w", b.base, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return b.problem(answer)
	}
	body := &io.LimitedReader{R: answer.Body, N: maxAnswer}
	if err := json.NewDecoder(body).Decode(v); err != nil {
		if body.N <= 0 {
			b.limit = max(b.limit/8, 1)
		}
		return fmt.Errorf("the answer of %s%s is broken: %w", b.base, path, err)
	}
	return nil
}

// problem reads a problem JSON (RFC 9457), or makes do without.
func (b *bus) problem(answer *http.Response) error {
	var p struct {
		Detail string `json:"detail"`
	}
	json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&p) // best effort
	told := p.Detail != ""
	if !told {
		p.Detail = "is this a bus?"
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // or a date, which the bus never sends
	return &statusError{
		status: answer.StatusCode,
		told:   told,
		detail: fmt.Sprintf("%s answered %s: %s", b.base, answer.Status, p.Detail),
		later:  min(time.Duration(max(seconds, 0))*time.Second, maxLater),
	}
}

// page is one answer to a question for events. If next is nil, it holds all
// there was up to Head.
type page struct {
	Epoch  string         `json:"epoch"`
	Head   ircbus.ID      `json:"head"`
	Oldest ircbus.ID      `json:"oldest"`
	Next   *string        `json:"next"`
	Gap    bool           `json:"gap"`
	Events []ircbus.Event `json:"events"`
}

// after asks for a page after a cursor. With nothing there yet, the bus waits
// for up to so long.
func (b *bus) after(ctx context.Context, views []ircbus.View, cursor ircbus.ID, wait time.Duration) (page, error) {
	query := url.Values{
		"after": {strconv.FormatUint(uint64(cursor), 10)},
		"limit": {strconv.Itoa(b.limit)},
	}
	if wait > 0 {
		query.Set("wait", strconv.Itoa(int(wait.Seconds())))
	}
	return b.changes(ctx, views, query, wait)
}

// from asks for the first event since a time, in the words of the HTTP API; with
// "", for none: the page then only says where the log ends. That is not the same as
// "now", since a bus whose clock was set back has events of a later time.
func (b *bus) from(ctx context.Context, views []ircbus.View, from string) (page, error) {
	if from == "" {
		return b.changes(ctx, views, url.Values{"until": {"0"}, "limit": {"1"}}, 0)
	}
	return b.changes(ctx, views, url.Values{"from": {from}, "limit": {"1"}}, 0)
}

func (b *bus) changes(ctx context.Context, views []ircbus.View, query url.Values, wait time.Duration) (page, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTimeout)
	defer cancel()
	for _, v := range views {
		query.Add("channel", v.String())
	}
	var p page
	if err := b.get(ctx, "/changes", query, &p); err != nil {
		return page{}, err
	}
	if p.Epoch == "" {
		return page{}, fmt.Errorf("the answer of %s has no epoch: it is not a bus", b.base)
	}
	return p, nil
}

// nextAfter is the cursor that the page's next address begins with; 0 if there is none.
func (p *page) nextAfter() ircbus.ID {
	if p.Next == nil {
		return 0
	}
	next, err := url.Parse(*p.Next)
	if err != nil {
		return 0
	}
	cursor, _ := ircbus.ParseCursor(next.Query().Get("after"))
	return cursor.ID
}

// description is what the bus says about itself and its publishers.
type description struct {
	IRC   string     `json:"irc"`
	IRCS  string     `json:"ircs"`
	Wikis []wikiJSON `json:"wikis"`
}

type wikiJSON struct {
	Publisher string `json:"publisher"`
	Templates struct {
		Page    string `json:"page"`
		Diff    string `json:"diff"`
		History string `json:"history"`
	} `json:"templates"`
	Channels []struct {
		Channel string `json:"channel"`
		Text    string `json:"text"`
	} `json:"channels"`
}

func (b *bus) describe(ctx context.Context) (*description, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var d description
	if err := b.get(ctx, "/wikis", url.Values{}, &d); err != nil {
		return nil, err
	}
	return &d, nil
}

// wiki finds a publisher's description; an unknown one has no templates.
func (d *description) wiki(publisher string) ircbus.Wiki {
	for _, w := range d.Wikis {
		if ircbus.Fold(w.Publisher) == ircbus.Fold(publisher) {
			t := w.Templates
			return ircbus.Wiki{Publisher: w.Publisher, PageURL: t.Page, DiffURL: t.Diff, HistoryURL: t.History}
		}
	}
	return ircbus.Wiki{}
}

// channel finds the packed channel that a name stands for, as the bus writes it.
func (d *description) channel(name string) (string, bool) {
	name = ircbus.Fold(name)
	for _, w := range d.Wikis {
		for _, c := range w.Channels {
			if ircbus.Fold(c.Channel) == name || ircbus.Fold(c.Text) == name {
				return c.Channel, true
			}
		}
	}
	return "", false
}

// resolve turns the views that were asked for into those of packed channels.
func (d *description) resolve(views []ircbus.View) ([]ircbus.View, error) {
	var resolved []ircbus.View
	seen := make(map[string]bool)
	for _, v := range views {
		channel, ok := d.channel(v.Channel)
		if !ok {
			return nil, fmt.Errorf("the bus has no channel %s: %s", v.Channel, d.known())
		}
		v = v.WithChannel(channel)
		if name := ircbus.Fold(v.String()); !seen[name] { // one view, however it is written
			seen[name] = true
			resolved = append(resolved, v)
		}
	}
	return resolved, nil
}

func (d *description) known() string {
	var names []string
	for _, w := range d.Wikis {
		for _, c := range w.Channels {
			if names = append(names, c.Channel); len(names) == 10 {
				return "it has " + strings.Join(names, " ") + " and more"
			}
		}
	}
	if len(names) == 0 {
		return "nothing publishes there yet"
	}
	return "it has " + strings.Join(names, " ")
}

// ircAddress says where to connect; addr is "" if the bus offers no IRC. A bus
// that names an address of its own machine is reached at the host of its HTTP.
func (d *description) ircAddress(o *Options) (addr string, secure *tls.Config) {
	base, err := url.Parse(o.HTTP)
	if err != nil {
		return "", nil // check has seen to it
	}
	addr, secure = o.IRC, o.TLS
	if addr == "" {
		addr = d.IRC
		if d.IRCS != "" && (secure != nil || base.Scheme == "https" || d.IRC == "") {
			addr = d.IRCS
			if secure == nil {
				secure = &tls.Config{}
			}
		}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", nil
	}
	ip := net.ParseIP(host)
	if host == "" || ip != nil && ip.IsUnspecified() || webclient.IsLoopback(host) && !webclient.IsLoopback(base.Hostname()) && o.IRC == "" {
		host = base.Hostname()
	}
	if secure != nil {
		if secure = secure.Clone(); secure.ServerName == "" {
			secure.ServerName = host
		}
	}
	return net.JoinHostPort(host, port), secure
}
