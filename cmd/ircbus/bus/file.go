package bus

import (
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/ircbus/ircbus"
)

// Example is a complete, commented configuration file with the values of
// Default.
//
//go:embed example.toml
var Example string

// FileError is a configuration file that cannot be used.
type FileError struct {
	Path     string
	Problems []*Problem // at least one
}

func (e *FileError) Error() string {
	text := e.Lines()[0]
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more, see ircbus check-config)", more)
	}
	return text
}

// Lines are all problems, each as a line of its own. Those of the file name it.
func (e *FileError) Lines() []string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		if lines[i] = p.Error(); !p.Elsewhere {
			lines[i] = e.Path + ": " + lines[i]
		}
	}
	return lines
}

// Load reads a configuration file over the defaults. Keys it does not know are
// errors. With a FileError, which has all of them, the configuration is what the rest
// of the file says. Whether the values make sense is Check's affair; Locate finds the
// lines of what Check finds.
func Load(path string) (Config, error) {
	text, err := ircbus.ReadTextFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("the configuration file %s cannot be read: %w", path, cause(err))
	}
	c := Default()
	if problems := decode(string(text), &c); len(problems) > 0 {
		return c, &FileError{path, problems}
	}
	return c, nil
}

// Locate fills in the lines of problems with the file at path, and sorts by them.
func Locate(path string, problems []*Problem) {
	text, err := ircbus.ReadTextFile(path)
	if err != nil {
		return
	}
	d := decoder{text: string(text)}
	d.parse() // leaves out what has no syntax
	for _, p := range problems {
		if p.Line == 0 && !p.Elsewhere {
			p.Line = line(d.text, p.Key)
		}
	}
	slices.SortStableFunc(problems, func(a, b *Problem) int { return a.Line - b.Line })
}

// decodeProblem turns the decoder's error into one of ours.
func decodeProblem(err error) *Problem {
	if parse := (toml.ParseError{}); errors.As(err, &parse) {
		return &Problem{Key: words(parse.LastKey), Line: parse.Position.Line, Reason: parse.Message}
	}
	found := wrongType.FindStringSubmatch(err.Error())
	if found == nil {
		return &Problem{Reason: strings.TrimPrefix(err.Error(), "toml: ")}
	}
	p := &Problem{Key: words(found[2]), Reason: found[3]}
	p.Line, _ = strconv.Atoi(found[1]) // digits, or nothing
	if want, ok := wanted[found[4]]; ok {
		p.Reason = "the value must be " + want
	} else if strings.HasPrefix(p.Reason, "type mismatch") {
		p.Reason = "this must be a section, as in [" + found[2] + "]"
	}
	return p
}

// wrongType matches the decoder's errors about values that are not of their
// key's type, the only ones that tell key and line in words alone: line, key,
// reason, and in that the type that the value should have.
var wrongType = regexp.MustCompile(`^toml: (?:line (\d+) )?\(last key "(.*?)"\): (incompatible types: TOML value has type .*; destination has type (.*)|.*)$`)

// wanted says how a value of a type is written.
var wanted = map[string]string{
	"string":                  `text, as in "text"`,
	"primitive (string-like)": `text, as in "90d"`,
	"integer":                 "a whole number, as in 10",
	"float":                   "a number, as in 10.0",
	"boolean":                 "true or false",
	"slice":                   `a list, as in ["a", "b"]`,
}

// words is a key as the decoder writes it, as one word if there is any.
func words(key string) []string {
	if key == "" {
		return nil
	}
	return []string{key}
}

// line returns the line of a key in the text of a file, or that of the nearest
// table above it that is there; 0 if there is none.
func line(text string, key []string) int {
	for ; len(key) > 0; key = key[:len(key)-1] {
		if n := exactLine(text, key); n > 0 {
			return n
		}
	}
	return 0
}

// exactLine finds a key's line through the decoder, which tells it only with
// the errors of values that refuse to be decoded.
func exactLine(text string, key []string) int {
	var level map[string]toml.Primitive
	meta, err := toml.Decode(text, &level)
	if err != nil {
		return 0
	}
	for i, word := range key {
		value, ok := level[word]
		if !ok {
			return 0
		}
		if i == len(key)-1 {
			parse := toml.ParseError{}
			errors.As(meta.PrimitiveDecode(value, refuser{}), &parse)
			return parse.Position.Line
		}
		level = nil
		if meta.PrimitiveDecode(value, &level) != nil {
			return 0
		}
	}
	return 0
}

// refuser refuses to be decoded.
type refuser struct{}

// UnmarshalTOML always fails.
func (refuser) UnmarshalTOML(any) error { return errors.New("refused") }
