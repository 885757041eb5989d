package ircbus

import (
	"bytes"
	"unicode/utf8"
)

// Glob is a pattern in which * stands for any text and ? for one character,
// compared without regard to case. To match costs time in proportion to the
// text, whatever the pattern. The zero value matches the empty text alone.
type Glob struct {
	star        bool  // there is one
	first, last run   // what the text begins and, with a star, ends with
	middle      []run // what it has in between, in this order
}

// NewGlob reads a pattern. Every text is one.
func NewGlob(pattern string) Glob {
	runs := bytes.Split(appendFolded(nil, pattern), []byte{'*'})
	g := Glob{first: newRun(runs[0], false)}
	if len(runs) == 1 {
		return g
	}
	g.star, g.last = true, newRun(runs[len(runs)-1], false)
	for _, text := range runs[1 : len(runs)-1] {
		if len(text) > 0 {
			g.middle = append(g.middle, newRun(text, true))
		}
	}
	return g
}

// Match reports whether the whole of the text fits.
func (g *Glob) Match(text string) bool {
	var room [128]byte // enough for names
	return g.match(appendFolded(room[:0], text))
}

// match is Match for a folded text. The first place where each part fits is the
// best one, as it leaves most for the next.
func (g *Glob) match(text []byte) bool {
	rest, ok := g.first.cutPrefix(text)
	if !ok || !g.star {
		return ok && len(rest) == 0
	}
	if rest, ok = g.last.cutSuffix(rest); !ok {
		return false
	}
	for i := range g.middle {
		end := g.middle[i].find(rest)
		if end < 0 {
			return false
		}
		rest = rest[end:]
	}
	return true
}

// cost is about how many nanoseconds match may take for a text of so many bytes.
func (g *Glob) cost(size int) int { return matchCost + g.steps()*size }

// steps is about how many nanoseconds match takes for each byte of a text.
func (g *Glob) steps() (n int) {
	for i := range g.middle {
		n = max(n, 1+wildCost*g.middle[i].words())
	}
	return n
}

// Costs of matching, in nanoseconds: once, and for each byte and word of a run
// with ?.
const (
	matchCost = 40
	wildCost  = 4
)

// run is a part of a pattern without *, folded.
type run struct {
	text []byte
	wild *wild // nil if it has no ?, or need not be found
}

func newRun(text []byte, toFind bool) run {
	r := run{text: text}
	if toFind && bytes.IndexByte(text, '?') >= 0 {
		r.wild = newWild(text)
	}
	return r
}

func (r *run) words() int {
	if r.wild == nil {
		return 0
	}
	return r.wild.words
}

// cutPrefix returns what follows the run at the beginning of the text.
func (r *run) cutPrefix(text []byte) (rest []byte, ok bool) {
	for pattern := r.text; len(pattern) > 0; {
		p, pn := utf8.DecodeRune(pattern)
		c, cn := utf8.DecodeRune(text)
		if cn == 0 || p != '?' && p != c {
			return nil, false
		}
		pattern, text = pattern[pn:], text[cn:]
	}
	return text, true
}

// cutSuffix returns what comes before the run at the end of the text.
func (r *run) cutSuffix(text []byte) (rest []byte, ok bool) {
	for pattern := r.text; len(pattern) > 0; {
		p, pn := utf8.DecodeLastRune(pattern)
		c, cn := utf8.DecodeLastRune(text)
		if cn == 0 || p != '?' && p != c {
			return nil, false
		}
		pattern, text = pattern[:len(pattern)-pn], text[:len(text)-cn]
	}
	return text, true
}

// find returns where the run's first place in the text ends; -1 if it has none.
func (r *run) find(text []byte) (end int) {
	if r.wild != nil {
		return r.wild.find(text)
	}
	at := bytes.Index(text, r.text)
	if at < 0 {
		return -1
	}
	return at + len(r.text)
}
