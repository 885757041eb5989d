package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ircbus/ircbus"

	"github.com/ircbus/ircbus/publisher/webclient"
)

// changesCmd prints old events.
type changesCmd struct {
	server
	From   string `help:"Only events since then: -1h, -7d, 2026-11-20T10:00:00Z …" placeholder:"T"`
	To     string `help:"Only events before then." placeholder:"T"`
	After  string `help:"Only events after this id, or EPOCH-ID." placeholder:"ID"`
	Limit  int    `help:"At most so many events, the oldest of them (default: all; xml, json, rss and atom: one page)." placeholder:"N"`
	Last   int    `help:"Only the last so many events." placeholder:"N"`
	Format string `help:"text, ndjson, qs, csv, json, xml, rss or atom (default: text on a terminal, else ndjson)." placeholder:"FORM" enum:"text,ndjson,qs,csv,json,xml,rss,atom," default:""`

	Views []string `arg:"" optional:"" name:"view" help:"Channels, optionally with a filter, as '#moinmaster?page=Bad*' (default: all)."`
}

const (
	maxChangesPage = 2000 // events asked for at once
	maxTries       = 20   // of a page that the bus is too busy for
)

// Run prints page after page.
func (c *changesCmd) Run(g *globals) error {
	switch {
	case c.Limit < 0:
		return usagef("--limit must be more than 0")
	case c.Last < 0:
		return usagef("--last must be more than 0")
	case c.Last > 0 && c.Limit > 0:
		return usagef("--last and --limit exclude each other: --limit is about the oldest events")
	}
	if err := errors.Join(checkTime("--from", c.From), checkTime("--to", c.To), checkCursor("--after", c.After)); err != nil {
		return err
	}
	base, err := c.address(g)
	if err != nil {
		return err
	}
	format := c.Format
	if format == "" {
		if format = "ndjson"; isTerminal(g.stdout) && !g.JSON {
			format = "text"
		}
	}
	r := &changesReader{cmd: c, g: g, base: base, left: c.Limit, format: format}
	query := c.query(format)
	if c.Last > 0 {
		err = r.startAtLast(query)
	}
	for query != nil && err == nil {
		query, err = r.page(query)
	}
	if err != nil && g.ctx.Err() != nil {
		return errors.New("interrupted before the last event")
	}
	return err
}

// query is that of the first page.
func (c *changesCmd) query(format string) url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			query.Set(name, value)
		}
	}
	set("from", c.From)
	set("to", c.To)
	set("after", c.After)
	for _, view := range c.Views {
		query.Add("channel", view)
	}
	if format == "text" {
		format = "ndjson"
	}
	query.Set("format", format)
	if pages(format) {
		query.Set("limit", strconv.Itoa(maxChangesPage))
	}
	if c.Limit > 0 && (c.Limit < maxChangesPage || !pages(format)) {
		query.Set("limit", strconv.Itoa(c.Limit))
	}
	return query
}

// pages tells the formats whose pages can be put one after the other.
func pages(format string) bool {
	return slices.Contains([]string{"text", "ndjson", "qs", "csv"}, format)
}

// changesReader copies pages to standard output.
type changesReader struct {
	cmd    *changesCmd
	g      *globals
	base   string
	format string
	left   int  // events still wanted; 0 if all are
	copied int  // events of this page
	later  bool // this is not the first page
	gap    bool // a gap has been reported
}

// page copies one page and returns the next one's query, nil after the last.
func (r *changesReader) page(query url.Values) (next url.Values, err error) {
	answer, err := r.get(query)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.Header.Get("Ircbus-Gap") == "true" && !r.gap {
		r.gap = true
		fmt.Fprintln(r.g.stderr, "ircbus: events are missing: the bus's retention has removed some of those asked for")
	}
	for _, warning := range answer.Header.Values("Ircbus-Warning") {
		if !r.later {
			fmt.Fprintln(r.g.stderr, "ircbus: warning: "+harmless(warning))
		}
	}
	r.copied = 0
	if err := r.copy(answer.Body); err != nil {
		return nil, err
	}
	r.later = true
	next = nextPage(answer.Header)
	if next == nil {
		return nil, nil
	}
	if !pages(r.format) {
		fmt.Fprintf(r.g.stderr, "ircbus: there are more events: go on with --after %s, or use --format ndjson\n", next.Get("after"))
		return nil, nil
	}
	return r.narrow(next), nil
}

// narrow makes the next page no longer than what is still wanted. A page may end
// early although another one follows.
func (r *changesReader) narrow(next url.Values) url.Values {
	if r.left == 0 {
		return next
	}
	if r.left -= r.copied; r.left <= 0 {
		return nil
	}
	next.Set("limit", strconv.Itoa(min(r.left, maxChangesPage)))
	return next
}

// get asks for a page. It waits when the bus says that it is busy now.
func (r *changesReader) get(query url.Values) (*http.Response, error) {
	for tries := 1; ; tries++ {
		answer, err := r.ask(query)
		if err != nil {
			return nil, err
		}
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		busy := answer.StatusCode == http.StatusServiceUnavailable || answer.StatusCode == http.StatusTooManyRequests
		if !busy || seconds <= 0 || tries == maxTries {
			return r.refusal(answer)
		}
		answer.Body.Close()
		select {
		case <-r.g.ctx.Done():
			return nil, r.g.ctx.Err()
		case <-time.After(min(time.Duration(seconds)*time.Second, time.Minute)):
		}
	}
}

func (r *changesReader) ask(query url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(r.g.ctx, http.MethodGet, r.base+"/changes?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if secret := r.cmd.secret(); secret != "" {
		if !r.cmd.InsecurePlaintext && webclient.CheckSecret(request.URL) != nil {
			return nil, usagef("the password would cross the network in plain text: use an https address or --insecure-plaintext")
		}
		request.SetBasicAuth(r.cmd.Account, secret)
	}
	answer, err := (&http.Client{Transport: webclient.Transport(), CheckRedirect: webclient.StayOnHost}).Do(request)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("cannot reach the bus at %s: %w; is it running there (--server)?", r.base, err)
	}
	return answer, nil
}

// refusal returns the answer if it is what was asked for, or why it is not.
func (r *changesReader) refusal(answer *http.Response) (*http.Response, error) {
	if answer.StatusCode == http.StatusOK {
		return answer, nil
	}
	defer answer.Body.Close()
	var problem struct{ Detail string }
	json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&problem) // best effort
	if answer.StatusCode == http.StatusBadRequest && problem.Detail != "" {
		return nil, usagef("%s", problem.Detail)
	}
	if problem.Detail == "" {
		problem.Detail = "is this a bus?"
	}
	return nil, fmt.Errorf("%s answered %s: %s", r.base, answer.Status, problem.Detail)
}

// copy writes an answer's body: as it is, but CSV's heading once, and as lines
// for people if they are asked for.
func (r *changesReader) copy(body io.Reader) error {
	if r.format == "text" {
		return r.copyText(body)
	}
	count := &recordCounter{to: r.g.stdout, quotes: r.format == "csv"}
	if r.format == "csv" && !r.later {
		count.n = -1 // the heading
	}
	in := bufio.NewReader(body)
	if r.format == "csv" && r.later {
		if _, err := in.ReadString('\n'); err != nil {
			return fmt.Errorf("the bus's answer could not be copied: %w", err)
		}
	}
	if _, err := io.Copy(count, in); err != nil {
		return fmt.Errorf("the bus's answer could not be copied: %w", err)
	}
	r.copied = count.n
	return nil
}

// recordCounter counts the lines that it passes on; those inside quotes, as in
// CSV, are none.
type recordCounter struct {
	to     io.Writer
	quotes bool // " begins and ends a quotation
	inside bool
	n      int
}

func (c *recordCounter) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '"' && c.quotes {
			c.inside = !c.inside
		} else if b == '\n' && !c.inside {
			c.n++
		}
	}
	return c.to.Write(p)
}

func (r *changesReader) copyText(body io.Reader) error {
	text := textFormat()
	out := bufio.NewWriter(r.g.stdout)
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 16<<20)
	var line []byte
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var e ircbus.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("the bus's answer is broken: %w", err)
		}
		line = append(text(line[:0], &e), '\n')
		r.copied++
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the bus's answer could not be copied: %w", err)
	}
	return out.Flush()
}

// nextPage is the query of the address in Link, rel="next"; nil if there is none.
// The bus may know itself under another address than ours.
func nextPage(header http.Header) url.Values {
	for _, link := range header.Values("Link") {
		address, rest, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">")
		if strings.Contains(rest, `rel="next"`) {
			if next, err := url.Parse(address); err == nil {
				return next.Query()
			}
		}
	}
	return nil
}
