package ircbus

import (
	"strings"
)

// FilterIndex holds many filters, each with a value, and finds those that an
// event passes without trying every one: a filter is only tried on events that
// have one of its words in the right field. Filters without such words, like
// "page=*" and "user=!*Bot", are always tried. The zero value is empty. It is
// not for use by several goroutines at a time.
type FilterIndex[T comparable] struct {
	entries map[T]*filterEntry[T]
	keys    map[string]*keyIndex[T]
	rest    []*filterEntry[T] // that have no word
	round   uint64            // one for each event
	values  folded            // of the event
}

// keyIndex finds filters by words in the values of one key.
type keyIndex[T comparable] struct {
	exact map[string][]*filterEntry[T] // by the whole value
	grams map[gram][]*filterEntry[T]   // by three bytes anywhere in it
}

// gram is three bytes that follow each other, folded.
type gram [3]byte

type filterEntry[T comparable] struct {
	value  T
	filter Filter
	words  []word // an event that passes has one of them; none: the filter is in rest
	round  uint64 // in which it was last tried
}

// word is what a value of key must have to match a pattern: it is exact, or has
// gram in it.
type word struct {
	key   string
	whole bool
	exact string
	gram  gram
}

// Add puts a filter in, in place of what the value had before.
func (x *FilterIndex[T]) Add(value T, f Filter) {
	x.Remove(value)
	if x.entries == nil {
		x.entries, x.keys = make(map[T]*filterEntry[T]), make(map[string]*keyIndex[T])
	}
	e := &filterEntry[T]{value: value, filter: f, words: x.words(f)}
	x.entries[value] = e
	if len(e.words) == 0 {
		x.rest = append(x.rest, e)
		return
	}
	for _, w := range e.words {
		k := x.keys[w.key]
		if k == nil {
			k = &keyIndex[T]{make(map[string][]*filterEntry[T]), make(map[gram][]*filterEntry[T])}
			x.keys[w.key] = k
		}
		if w.whole {
			k.exact[w.exact] = append(k.exact[w.exact], e)
		} else {
			k.grams[w.gram] = append(k.grams[w.gram], e)
		}
	}
}

// Remove takes the value's filter out, if it has one.
func (x *FilterIndex[T]) Remove(value T) {
	e := x.entries[value]
	if e == nil {
		return
	}
	delete(x.entries, value)
	if len(e.words) == 0 {
		x.rest = without(x.rest, e)
		return
	}
	for _, w := range e.words {
		k := x.keys[w.key]
		if k == nil {
			continue // two of the words were the last ones
		}
		if w.whole {
			shrink(k.exact, w.exact, e)
		} else {
			shrink(k.grams, w.gram, e)
		}
		if len(k.exact)+len(k.grams) == 0 {
			delete(x.keys, w.key)
		}
	}
}

func shrink[K, T comparable](m map[K][]*filterEntry[T], key K, e *filterEntry[T]) {
	if m[key] = without(m[key], e); len(m[key]) == 0 {
		delete(m, key)
	}
}

func without[T comparable](list []*filterEntry[T], e *filterEntry[T]) []*filterEntry[T] {
	for i := range list {
		if list[i] == e {
			last := len(list) - 1
			list[i], list[last] = list[last], nil
			return list[:last]
		}
	}
	return list
}

// AppendMatches appends to dst the values of all filters that the fields pass,
// as Filter.Match has it, each once, in no order.
func (x *FilterIndex[T]) AppendMatches(dst []T, fields Fields) []T {
	if _, tombstone := fields.Redacts(); tombstone {
		for value := range x.entries {
			dst = append(dst, value)
		}
		return dst
	}
	x.round++
	x.values.begin(fields)
	for i := range fields {
		k := x.keys[fields[i].Key]
		if k == nil {
			continue
		}
		value := x.values.value(i)
		dst = x.try(dst, k.exact[string(value)])
		if len(k.grams) == 0 {
			continue
		}
		for j := range len(value) - 2 {
			dst = x.try(dst, k.grams[gram(value[j:])])
		}
	}
	return x.try(dst, x.rest)
}

func (x *FilterIndex[T]) try(dst []T, list []*filterEntry[T]) []T {
	for _, e := range list {
		if e.round != x.round {
			e.round = x.round
			if e.filter.passes(&x.values) {
				dst = append(dst, e.value)
			}
		}
	}
	return dst
}

// words chooses, of the keys of which every pattern has a word, the one whose
// words the fewest other filters have.
func (x *FilterIndex[T]) words(f Filter) (best []word) {
	fewest := -1
	for i := range f.keys {
		var words []word
		sum := 0
		for _, pattern := range f.keys[i].any {
			w, others, ok := x.word(f.keys[i].key, pattern.text)
			if !ok {
				words = nil
				break
			}
			words = append(words, w)
			sum += others
		}
		if len(words) > 0 && (fewest < 0 || sum < fewest) {
			best, fewest = words, sum
		}
	}
	return best
}

// word is what a value must have to match the pattern, and how many other
// filters have the same word; ok is false if there is no such word, as for
// patterns that a missing field may match.
func (x *FilterIndex[T]) word(key, pattern string) (w word, others int, ok bool) {
	k := x.keys[key]
	if k == nil {
		k = &keyIndex[T]{}
	}
	folded := string(appendFolded(nil, pattern))
	if !strings.ContainsAny(folded, "*?") {
		return word{key: key, whole: true, exact: folded}, len(k.exact[folded]), folded != ""
	}
	for run := range strings.FieldsFuncSeq(folded, func(r rune) bool { return r == '*' || r == '?' }) {
		for i := range len(run) - 2 {
			if g := gram([]byte(run[i : i+3])); !ok || len(k.grams[g]) < others {
				w, others, ok = word{key: key, gram: g}, len(k.grams[g]), true
			}
		}
	}
	return w, others, ok
}
