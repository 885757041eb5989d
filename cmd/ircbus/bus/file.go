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
	text := e.Path + ": " + e.Problems[0].Error()
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more, see ircbus check-config)", more)
	}
	return text
}

// Load reads a configuration file over the defaults. Keys it does not know are
// errors. Whether the values make sense is Check's affair; Locate finds the
// lines of what Check finds.
func Load(path string) (Config, error) {
	text, err := ircbus.ReadTextFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("the configuration file %s cannot be read: %w", path, cause(err))
	}
	c := Default()
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		return Config{}, &FileError{path, []*Problem{decodeProblem(err)}}
	}
	problems := notSections(string(text), meta)
	for _, key := range meta.Undecoded() {
		if parent := key[:len(key)-1]; slices.ContainsFunc(problems, func(p *Problem) bool {
			return len(parent) > 0 && slices.Equal(p.Key, parent)
		}) {
			continue // the table itself is unknown
		}
		problems = append(problems, &Problem{Key: key, Line: line(string(text), key), Reason: "there is no such key"})
	}
	if len(problems) > 0 {
		return Config{}, &FileError{path, problems}
	}
	return c, nil
}

// notSections finds values in the place of the sections that are maps here: the
// decoder passes over them without a word.
func notSections(text string, meta toml.MetaData) []*Problem {
	var problems []*Problem
	for _, key := range []string{"publisher", "retention"} {
		if kind := meta.Type(key); kind != "Hash" && kind != "" { // "" if only [publisher.x] names it
			problems = append(problems, &Problem{
				Key: []string{key}, Line: line(text, []string{key}), Reason: "this must be sections, as in [" + key + ".NAME]",
			})
		}
	}
	return problems
}

// Locate fills in the lines of problems with the file at path.
func Locate(path string, problems []*Problem) {
	text, err := ircbus.ReadTextFile(path)
	if err != nil {
		return
	}
	for _, p := range problems {
		p.Line = line(string(text), p.Key)
	}
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
