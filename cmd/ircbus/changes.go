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

	"github.com/ircbus/ircbus"
)

// changesCmd prints old events.
type changesCmd struct {
	server
	From   timeWord `help:"Only events since then: -1h, -7d, 2026-11-20T10:00:00Z …" placeholder:"T"`
	To     timeWord `help:"Only events before then." placeholder:"T"`
	After  uint64   `help:"Only events after this id." placeholder:"ID"`
	Limit  int      `help:"At most so many events (default: all; xml, json, rss and atom: one page)." placeholder:"N"`
	Format string   `help:"text, ndjson, qs, csv, json, xml, rss or atom (default: text on a terminal, else ndjson)." placeholder:"FORM" enum:"text,ndjson,qs,csv,json,xml,rss,atom," default:""`

	Views []string `arg:"" optional:"" name:"view" help:"Channels, optionally with a filter, as '#moinmaster?page=Bad*' (default: all)."`
}

// maxChangesPage is how many events are asked for at once.
const maxChangesPage = 2000

// Run prints page after page.
func (c *changesCmd) Run(g *globals) error {
	if c.Limit < 0 {
		return usagef("--limit must be more than 0")
	}
	base, err := c.address()
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
	for query != nil {
		if query, err = r.page(query); err != nil {
			if g.ctx.Err() != nil {
				return errors.New("interrupted before the last event")
			}
			return err
		}
	}
	return nil
}

// query is that of the first page.
func (c *changesCmd) query(format string) url.Values {
	query := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			query.Set(name, value)
		}
	}
	set("from", string(c.From))
	set("to", string(c.To))
	set("after", strconv.FormatUint(c.After, 10))
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
	return r.narrow(query, next), nil
}

// narrow makes the next page no longer than what is still wanted. A page that
// another one follows is full.
func (r *changesReader) narrow(query, next url.Values) url.Values {
	if r.left == 0 {
		return next
	}
	had, _ := strconv.Atoi(query.Get("limit"))
	if r.left -= had; r.left <= 0 {
		return nil
	}
	next.Set("limit", strconv.Itoa(min(r.left, maxChangesPage)))
	return next
}

func (r *changesReader) get(query url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(r.g.ctx, http.MethodGet, r.base+"/changes?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	if secret := r.cmd.secret(); secret != "" {
		if request.URL.Scheme == "http" && !r.cmd.InsecurePlaintext && !isLocal(request.URL.Hostname()) {
			return nil, usagef("the password would cross the network in plain text: use an https address or --insecure-plaintext")
		}
		request.SetBasicAuth(r.cmd.Account, secret)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, fmt.Errorf("cannot reach the bus at %s: %w; is it running there (--server)?", r.base, err)
	}
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
	in := bufio.NewReader(body)
	if r.format == "csv" && r.later {
		if _, err := in.ReadString('\n'); err != nil {
			return fmt.Errorf("the bus's answer could not be copied: %w", err)
		}
	}
	if _, err := io.Copy(r.g.stdout, in); err != nil {
		return fmt.Errorf("the bus's answer could not be copied: %w", err)
	}
	return nil
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
