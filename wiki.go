package ircbus

import (
	"net/url"
	"strings"
)

// Wiki is a publisher's description block (docs/protocol.md, "Description
// block"): what it is, where it is, and how addresses in it are made.
type Wiki struct {
	Publisher string // account
	Name      string // for people
	Interwiki string
	Engine    string // moin-1.9, moin-2, mediawiki, other
	Base      string // address of the wiki

	// URI templates with {page}, {rev}, {oldrev}, {id} and any other field in
	// braces; "" if unknown. {page} keeps its slashes.
	PageURL, DiffURL, HistoryURL, RawURL string

	Feeds []Feed // the publisher's own first
}

// Feed is one channel of a publisher under its two names.
type Feed struct {
	Channel string // packed events
	Text    string // readable lines
}

// Fill returns fields with the url, diff and history that the publisher left
// out, made from the templates where the fields they need are there.
func (w *Wiki) Fill(fields Fields) Fields {
	filled := fields
	for _, t := range [...]struct{ key, template string }{
		{"url", w.PageURL}, {"diff", w.DiffURL}, {"history", w.HistoryURL},
	} {
		if t.template == "" || fields.Has(t.key) {
			continue
		}
		if address, ok := expand(t.template, fields); ok {
			if len(filled) == len(fields) {
				filled = append(make(Fields, 0, len(fields)+3), fields...)
			}
			filled = append(filled, Field{t.key, address})
		}
	}
	return filled
}

// expand replaces every {key}; ok is false if a field is missing or empty.
func expand(template string, fields Fields) (_ string, ok bool) {
	var b strings.Builder
	inQuery := false
	for {
		before, rest, found := strings.Cut(template, "{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		key, after, found := strings.Cut(rest, "}")
		value := fields.Get(key)
		if !found || value == "" {
			return "", false
		}
		inQuery = inQuery || strings.Contains(before, "?")
		b.WriteString(escapeFor(inQuery, value))
		template = after
	}
}

// escapeFor escapes a value for an address's path or its query, where & and +
// mean something; slashes stay readable in both.
func escapeFor(inQuery bool, value string) string {
	escaped := url.PathEscape(value)
	if inQuery {
		escaped = strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	}
	return strings.ReplaceAll(escaped, "%2F", "/")
}
