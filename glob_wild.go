package ircbus

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// wild finds a run with ? by the Shift-And algorithm (Baeza-Yates and Gonnet,
// 1992): bit i of its state says that the run's first i+1 characters end here.
type wild struct {
	length, words int
	any           []uint64                // where ? stands
	ascii         [utf8.RuneSelf][]uint64 // where each character may stand
	others        map[rune][]uint64       // the same; who is not in it may stand where ? does
}

// wildWords is enough for 256 characters, more than a view's name has.
const wildWords = 4

func newWild(text []byte) *wild {
	runes := bytes.Runes(text)
	w := &wild{length: len(runes), words: (len(runes) + 63) / 64, others: make(map[rune][]uint64)}
	w.any = make([]uint64, w.words)
	for i, r := range runes {
		if r == '?' {
			w.any[i/64] |= 1 << (i % 64)
		}
	}
	for c := range w.ascii {
		w.ascii[c] = w.any
	}
	for _, r := range runes {
		if mask := w.mask(r, runes); r < utf8.RuneSelf {
			w.ascii[r] = mask
		} else {
			w.others[r] = mask
		}
	}
	return w
}

// mask says where a character of the run may stand in it.
func (w *wild) mask(of rune, runes []rune) []uint64 {
	mask := slices.Clone(w.any)
	for i, r := range runes {
		if r == of {
			mask[i/64] |= 1 << (i % 64)
		}
	}
	return mask
}

// find returns where the first place of the run in the text ends; -1 if it has
// none.
func (w *wild) find(text []byte) (end int) {
	var room [wildWords]uint64
	state := room[:min(w.words, wildWords)]
	if w.words > wildWords {
		state = make([]uint64, w.words)
	}
	last, whole := w.words-1, uint64(1)<<((w.length-1)%64)
	for end < len(text) {
		mask, n := w.at(text[end:])
		end += n
		carry := uint64(1)
		for i := range state {
			next := state[i] >> 63
			state[i] = (state[i]<<1 | carry) & mask[i]
			carry = next
		}
		if state[last]&whole != 0 {
			return end
		}
	}
	return -1
}

// at says where the text's first character, of n bytes, may stand.
func (w *wild) at(text []byte) (mask []uint64, n int) {
	if c := text[0]; c < utf8.RuneSelf {
		return w.ascii[c], 1
	}
	r, n := utf8.DecodeRune(text)
	if mask, ok := w.others[r]; ok {
		return mask, n
	}
	return w.any, n
}
