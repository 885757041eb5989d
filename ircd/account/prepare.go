package account

import (
	"slices"
	"unicode/utf8"

	"github.com/xdg-go/stringprep"
	"golang.org/x/text/encoding/charmap"
)

// prepare is a password as it is kept, by whatever way it came: what is not UTF-8 is
// Latin-1, and then it is prepared as SASL wants it (RFC 4013), so that an é is one
// character however it was typed. What SASLprep does not know stays as it is, which
// most clients do, too.
func prepare(password string) string {
	text := decoded(password)
	prepared, err := stringprep.SASLprep.Prepare(text)
	if err != nil {
		return text
	}
	return prepared
}

// decoded is a password as UTF-8.
func decoded(password string) string {
	if utf8.ValidString(password) {
		return password
	}
	text, err := charmap.ISO8859_1.NewDecoder().String(password)
	if err != nil {
		return password // every byte is a character of Latin-1
	}
	return text
}

// spellings are the passwords that a given one may be, the likeliest first: as it is
// kept, and, since earlier versions kept it as it came, without preparation.
func spellings(given string) []string {
	all := []string{prepare(given)}
	for _, other := range []string{decoded(given), given} {
		if !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all
}

// accepts reports whether any spelling of what was given is the password.
func (v *verifier) accepts(given string) bool {
	return slices.ContainsFunc(spellings(given), v.verify)
}
