package ircbus

import "github.com/agnivade/levenshtein"

// Near is the word of which another one is probably a typing error, or "".
func Near(word string, words []string) (found string) {
	if len(word) < 3 {
		return ""
	}
	limit := 1 // letters that differ
	if len(word) > 5 {
		limit = 2
	}
	for _, w := range words {
		if len(w) < 3 || max(len(w), len(word))-min(len(w), len(word)) > limit {
			continue
		}
		distance := levenshtein.ComputeDistance(word, w)
		if distance > 0 && (distance < limit || distance == limit && found == "") {
			found, limit = w, distance
		}
	}
	return found
}

// DidYouMean ends an error about a name with what Near has found, if that is anything.
func DidYouMean(near string) string {
	if near == "" {
		return ""
	}
	return ": did you mean " + near + "?"
}
