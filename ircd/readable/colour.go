package readable

import (
	"fmt"
	"slices"
	"strings"
)

// IRC's formatting codes (https://modern.ircdocs.horse/formatting).
const (
	boldCode      = "\x02"
	italicCode    = "\x1D"
	underlineCode = "\x1F"
	colourCode    = '\x03'
	resetCode     = "\x0F"
)

// colourNames are the names of colours 0 to 15.
var colourNames = [...]string{
	"white", "black", "blue", "green", "red", "brown", "purple", "orange",
	"yellow", "lime", "teal", "cyan", "royal", "pink", "grey", "silver",
}

func bold(s string) string      { return format(boldCode, s) }
func italic(s string) string    { return format(italicCode, s) }
func underline(s string) string { return format(underlineCode, s) }

func format(code, s string) string {
	if s == "" {
		return ""
	}
	return code + s + code
}

// colour shows s in the named colour; nothing stays nothing.
func colour(name, s string) (string, error) {
	number := slices.Index(colourNames[:], name)
	if number < 0 {
		return "", fmt.Errorf("there is no colour %q, only %s", name, strings.Join(colourNames[:], ", "))
	}
	if s == "" {
		return "", nil
	}
	code := fmt.Sprintf("%c%02d", colourCode, number)
	if s[0] == ',' { // or it could be read as the background
		code += boldCode + boldCode
	}
	return code + s + resetCode, nil
}

func mustColour(name, s string) string {
	s, err := colour(name, s)
	if err != nil {
		panic(err) // a name in this package is wrong
	}
	return s
}
