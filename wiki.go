package ircbus

import "strings"

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

// template makes the field key.
type template struct{ key, template string }

func (w *Wiki) templates() [3]template {
	return [...]template{{"url", Link(w.PageURL)}, {"diff", Link(w.DiffURL)}, {"history", Link(w.HistoryURL)}}
}

// Fill returns fields with the url, diff and history that the publisher left
// out, made from the templates where the fields they need are there.
func (w *Wiki) Fill(fields Fields) Fields { return new(Arena).Fill(w, fields) }

// appendExpanded appends a template with every {key} replaced; ok is false if a
// field is missing or empty.
func appendExpanded(dst []byte, template string, fields Fields) (_ []byte, ok bool) {
	plain := &inPath
	for {
		begin := strings.IndexByte(template, '{')
		if begin < 0 {
			return append(dst, template...), true
		}
		before, rest := template[:begin], template[begin+1:]
		end := strings.IndexByte(rest, '}')
		if end < 0 {
			return nil, false
		}
		value := fields.Get(rest[:end])
		if value == "" {
			return nil, false
		}
		if strings.IndexByte(before, '?') >= 0 {
			plain = &inQuery
		}
		dst = appendPercent(append(dst, before...), value, plain)
		template = rest[end+1:]
	}
}

// inPath and inQuery are the bytes of a value that stand for themselves in an
// address: in its path and in its query, where & and + mean something. Slashes
// stay readable in both.
var (
	inPath  = plainBytes("-_.~/$&+=:@")
	inQuery = plainBytes("-_.~/")
)

func plainBytes(others string) (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + others) {
		table[c] = true
	}
	return table
}

func appendPercent(dst []byte, value string, plain *[256]bool) []byte {
	for i := range len(value) {
		if c := value[i]; plain[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}
