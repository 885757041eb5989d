package bus

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/agnivade/levenshtein"
)

// decoder reads a configuration file value by value, so that it finds every mistake
// and not only the first.
type decoder struct {
	text     string
	meta     toml.MetaData
	problems []*Problem
}

// maxSyntaxProblems limits how often a file is read again without a bad line.
const maxSyntaxProblems = 20

// decode reads a file's text over c. What has a problem stays as it was in c.
func decode(text string, c *Config) []*Problem {
	d := decoder{text: text}
	if top, ok := d.parse(); ok {
		d.table(top, reflect.ValueOf(c).Elem(), nil)
	}
	slices.SortStableFunc(d.problems, func(a, b *Problem) int { return a.Line - b.Line })
	return d.problems
}

// wholeLine matches lines that can be left out without changing what the others
// mean.
var wholeLine = regexp.MustCompile(`^\s*([\w."'-]+\s*=|\[[^,]*$)`)

// parse reads the syntax. It leaves out lines that are wrong, as far as that makes no
// mistake of others; not ok if the rest cannot be told.
func (d *decoder) parse() (top map[string]toml.Primitive, ok bool) {
	lines := strings.SplitAfter(d.text, "\n")
	last := 0
	for range maxSyntaxProblems {
		top = nil
		var err error
		if d.meta, err = toml.Decode(d.text, &top); err == nil {
			return top, true
		}
		problem := decodeProblem(err)
		if strings.HasSuffix(problem.Reason, `table name, but got '\n' instead`) {
			problem.Line-- // the parser has gone on to the next line
		}
		if problem.Line <= last || problem.Line > len(lines) {
			return nil, false
		}
		d.problems = append(d.problems, problem)
		last = problem.Line
		if bad := &lines[last-1]; wholeLine.MatchString(*bad) {
			*bad = "\n"
		} else {
			return nil, false
		}
		d.text = strings.Join(lines, "")
	}
	return nil, false
}

// table reads a table into a struct.
func (d *decoder) table(values map[string]toml.Primitive, to reflect.Value, path []string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		at := append(slices.Clone(path), key)
		if field := fieldOf(to, key); field.IsValid() {
			d.value(values[key], field, at)
		} else {
			d.add(at, errors.New("there is no such key"+meant(key, to, path)))
		}
	}
}

// value reads one value into what it is for.
func (d *decoder) value(value toml.Primitive, to reflect.Value, at []string) {
	sections := to.Kind() == reflect.Map && to.Type().Elem().Kind() == reflect.Struct
	switch {
	case to.Kind() != reflect.Struct && !sections || isDecoder(to):
		if err := d.meta.PrimitiveDecode(value, to.Addr().Interface()); err != nil {
			d.problems = append(d.problems, d.locate(decodeProblem(err), at))
		}
		return
	case !d.isTable(at) && sections:
		d.add(at, fmt.Errorf("this must be sections, as in [%s.NAME]", at[0]))
		return
	case !d.isTable(at):
		d.add(at, fmt.Errorf("this must be a section, as in [%s]", strings.Join(at, ".")))
		return
	}
	var values map[string]toml.Primitive
	if err := d.meta.PrimitiveDecode(value, &values); err != nil {
		d.add(at, err)
		return
	}
	if !sections {
		d.table(values, to, at)
		return
	}
	if to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		section := reflect.New(to.Type().Elem()).Elem()
		d.value(values[name], section, append(slices.Clone(at), name))
		to.SetMapIndex(reflect.ValueOf(name), section)
	}
}

// isDecoder reports whether a struct reads itself.
func isDecoder(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(toml.Unmarshaler)
	return ok
}

// isTable reports whether the value is a table. One that only its own sections name
// has no type.
func (d *decoder) isTable(at []string) bool {
	kind := d.meta.Type(at...)
	return kind == "Hash" || kind == ""
}

func (d *decoder) add(at []string, err error) {
	d.problems = append(d.problems, &Problem{Key: at, Line: line(d.text, at), Reason: err.Error()})
}

// locate names the key of a problem in full.
func (d *decoder) locate(p *Problem, at []string) *Problem {
	p.Key = at
	if p.Line == 0 {
		p.Line = line(d.text, at)
	}
	return p
}

// fieldOf is the field of a struct for a key. Upper and lower case do not differ.
func fieldOf(v reflect.Value, key string) (found reflect.Value) {
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("toml")
		if name == key && name != "-" {
			return v.Field(i)
		}
		if strings.EqualFold(name, key) && name != "-" {
			found = v.Field(i)
		}
	}
	return found
}

// keysOf are the keys of a struct.
func keysOf(t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// meant says what an unknown key in the table at path may have been meant for.
func meant(key string, table reflect.Value, path []string) string {
	top := reflect.TypeFor[Config]()
	if len(path) > 0 && slices.Contains(keysOf(top), key) {
		return fmt.Sprintf(" here: %s stands above the first [section]", key)
	}
	if near := nearest(key, keysOf(table.Type())); near != "" {
		return ": did you mean " + near + "?"
	}
	if len(path) > 0 {
		return ""
	}
	var homes []string
	for i := range top.NumField() {
		if section := top.Field(i); section.Type.Kind() == reflect.Struct && slices.Contains(keysOf(section.Type), key) {
			homes = append(homes, "["+section.Tag.Get("toml")+"]")
		}
	}
	if len(homes) == 0 {
		return ""
	}
	return " outside " + strings.Join(homes, ", ")
}

// nearest is the word that was probably meant by a mistyped one, or "".
func nearest(word string, words []string) (found string) {
	limit := max(1, min(3, len(word)/3)) // changes of one letter
	for _, w := range words {
		distance := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(w))
		if distance == limit && found == "" || distance < limit {
			found, limit = w, distance
		}
	}
	if found == "" && len(word) > 2 {
		for _, w := range words {
			if len(w) > 2 && (strings.HasPrefix(w, word) || strings.HasPrefix(word, w)) {
				return w
			}
		}
	}
	return found
}
