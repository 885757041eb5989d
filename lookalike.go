package ircbus

import (
	"unicode"
	"unicode/utf8"
)

// CheckNewChannel says what is wrong with the name of a channel that anybody may
// make: what is wrong with any, and what only serves to look like another name.
// Channels that the operator names need CheckChannel alone.
func CheckNewChannel(name string) error {
	if err := CheckChannel(name); err != nil {
		return err
	}
	return checkLooks(name)
}

// alike are the scripts of which so many letters look the same that a name has
// letters of one of them at most.
var alike = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian}

// joining are the scripts in whose words U+200C and U+200D mean something:
// Arabic and those of its kind, and the Indic ones (RFC 5892, appendix A).
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mongolian,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil,
	unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

// unseen are characters of which nothing is seen, or that change how others are
// seen.
var unseen = []*unicode.RangeTable{
	unicode.Cf, unicode.White_Space, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// Characters of their own.
const (
	nonJoiner    = '\u200c'
	joiner       = '\u200d'
	brailleBlank = '\u2800'
	firstMath    = '\U0001d400' // letters in the dress of formulas
	lastMath     = '\U0001d7ff'
)

// checkLooks refuses a name that looks like another one without a table of those
// that do: with characters that nobody sees, or with letters of several scripts
// of which many look the same.
func checkLooks(name string) error {
	var script *unicode.RangeTable
	before := rune(0)
	for i, r := range name {
		after, _ := utf8.DecodeRuneInString(name[i+utf8.RuneLen(r):])
		switch {
		case (r == nonJoiner || r == joiner) && unicode.In(before, joining...) && unicode.In(after, joining...):
		case unicode.In(r, unseen...) || r == brailleBlank || firstMath <= r && r <= lastMath:
			return Refuse(InvalidEvent, "the name %q has the character %U, which no name may have", name, r)
		}
		for _, table := range alike {
			if !unicode.Is(table, r) {
				continue
			}
			if script != nil && script != table {
				return Refuse(InvalidEvent, "the name %q has letters of several scripts that look alike", name)
			}
			script = table
		}
		before = r
	}
	return nil
}
