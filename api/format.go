package api

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// A format is one way to write an answer of GET /changes.
type format struct {
	name        string
	mime        string   // Content-Type
	accept      []string // media types in Accept that ask for it
	filled      bool     // events have url, diff and history filled in
	newestFirst bool     // by default
	whole       bool     // begin must come after the last event
	maxLimit    int
	encoder     func(*envelope) encoder
}

// An encoder writes one answer by appending to a buffer, which its caller may
// empty between calls.
type encoder interface {
	begin(dst []byte, env *envelope) []byte // may come after event: not before all of env is known
	event(dst []byte, e *ircbus.Event) []byte
	end(dst []byte) []byte
}

// envelope is what an answer says beside the events.
type envelope struct {
	Epoch        string
	Head, Oldest ircbus.ID
	Next         string // address of the next page, or ""
	Gap          bool

	// These and Epoch are known before the first event is encoded.
	base  string // address of the API
	self  string // address of this answer
	title string
}

var formats = []*format{
	{name: "xml", mime: "application/xml; charset=utf-8", accept: []string{"application/xml", "text/xml"}, filled: true, maxLimit: MaxLimit, encoder: func(*envelope) encoder { return xmlEncoder{} }},
	{name: "json", mime: "application/json", accept: []string{"application/json"}, filled: true, maxLimit: MaxLimit, encoder: func(*envelope) encoder { return &jsonEncoder{} }},
	{name: "ndjson", mime: "application/x-ndjson", accept: []string{"application/x-ndjson", "application/ndjson", "application/jsonl"}, filled: true, maxLimit: MaxLimit, encoder: func(*envelope) encoder { return ndjsonEncoder{} }},
	{name: "csv", mime: "text/csv; charset=utf-8; header=present", accept: []string{"text/csv"}, filled: true, maxLimit: MaxLimit, encoder: func(*envelope) encoder { return csvEncoder{} }},
	{name: "qs", mime: "text/plain; charset=utf-8", accept: []string{"text/plain"}, maxLimit: MaxLimit, encoder: func(*envelope) encoder { return qsEncoder{} }},
	{name: "rss", mime: "application/rss+xml; charset=utf-8", accept: []string{"application/rss+xml", "application/rdf+xml"}, filled: true, newestFirst: true, whole: true, maxLimit: MaxFeedItems, encoder: func(env *envelope) encoder { return &rssEncoder{env: env} }},
	{name: "atom", mime: "application/atom+xml; charset=utf-8", accept: []string{"application/atom+xml"}, filled: true, newestFirst: true, maxLimit: MaxFeedItems, encoder: func(env *envelope) encoder { return &atomEncoder{env: env} }},
}

// format chooses by the parameter, else by Accept, else the first. It never
// returns nil.
func (p *params) format(accept string) *format {
	name, ok := p.one("format")
	if !ok {
		offers := make([][]string, len(formats))
		for i, f := range formats {
			offers[i] = f.accept
		}
		return formats[choose(accept, offers)]
	}
	i := slices.IndexFunc(formats, func(f *format) bool { return f.name == name })
	if i < 0 {
		p.fail("format", "%q is not one of xml, json, ndjson, csv, qs, rss, atom", clip(name))
		return formats[0]
	}
	return formats[i]
}

// choose returns which of the offers, each known under several media types, an
// Accept header likes best (RFC 9110, section 12.5.1). Of offers liked equally
// the first wins; so does the first of all if Accept likes none.
func choose(accept string, offers [][]string) int {
	best, bestQ := 0, 0.0
	for i, types := range offers {
		for _, mediaType := range types {
			if q := quality(accept, mediaType); q > bestQ {
				best, bestQ = i, q
			}
		}
	}
	return best
}

// quality returns the weight that the most specific matching range of an Accept
// header gives a media type. A range that names the type beats, at equal weight,
// one that does not, because browsers send */* along.
func quality(accept, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	best, specific := 0.0, -1
	for element := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(element, ";")
		level := slices.Index([]string{"*/*", kind + "/*", mediaType}, strings.ToLower(strings.TrimSpace(name)))
		if level > specific {
			best, specific = weight(parameters), level
		}
	}
	if specific < 0 {
		return 0
	}
	return best * (1 + float64(specific)/1e4)
}

// weight reads q from the parameters of an element; 1 if there is none.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return q
		}
	}
	return 1
}
