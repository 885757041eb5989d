package bus

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
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
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("the configuration file %s cannot be read: %w", path, cause(err))
	}
	c := Default()
	meta, err := toml.Decode(string(text), &c)
	if err != nil {
		return Config{}, &FileError{path, []*Problem{decodeProblem(err)}}
	}
	var problems []*Problem
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

// Locate fills in the lines of problems with the file at path.
func Locate(path string, problems []*Problem) {
	text, err := os.ReadFile(path)
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
		p := &Problem{Line: parse.Position.Line, Reason: parse.Message}
		if parse.LastKey != "" {
			p.Key = []string{parse.LastKey}
		}
		return p
	}
	return &Problem{Reason: strings.TrimPrefix(err.Error(), "toml: ")}
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
