// Package jsonhook takes the JSON of any program that can POST some, and makes
// events of it as the bus's owner says: each field of the event is a JSON pointer
// (RFC 6901), a Go template, or a fixed text.
//
//	page    = "/builder/name"                     # of the JSON: {"builder":{"name":…
//	comment = "{{.reason}} by {{.who.name}}"      # a template over it
//	action  = "build"                             # neither "/" at the begin nor "{{" in it
//	key     = "/uuid"                             # repeats of it are one event
//
// What no field takes keeps its own name, nested names with dots, unless told
// otherwise. With Each, a pointer to an array, every element of it is an event of
// its own.
package jsonhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher/mapping"
)

// Spec says how events are made.
type Spec struct {
	Each   string            // pointer to an array of which each element is an event; "" for one event
	Fields map[string]string // pointer, template or text, by the event's field
	Only   bool              // leave out what no field takes
}

// Mapping is a Spec that has been checked. It is safe for concurrent use.
type Mapping struct {
	each   pointer // nil for one event
	fields []field // by name
	only   bool
	taken  []string // names of the source that fields take as they are
}

// field is one of an event's: what is not nil or "" of the three makes it.
type field struct {
	key      string
	pointer  pointer
	template *template.Template
	text     string
}

// New checks a Spec. The error is a sentence for the bus's owner.
func New(spec Spec) (*Mapping, error) {
	m := &Mapping{only: spec.Only}
	if spec.Each != "" {
		var err error
		if m.each, err = parsePointer(spec.Each); err != nil {
			return nil, fmt.Errorf("each: %w", err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(spec.Fields)) {
		f, err := newField(key, spec.Fields[key])
		if err != nil {
			return nil, fmt.Errorf("the field %s: %w", key, err)
		}
		if f.pointer != nil {
			m.taken = append(m.taken, strings.Join(f.pointer, "."))
		}
		m.fields = append(m.fields, f)
	}
	if len(m.fields) == 0 && m.only {
		return nil, fmt.Errorf("there is nothing to make an event of: name fields, or keep what there is")
	}
	return m, nil
}

func newField(key, source string) (f field, err error) {
	sample := "x"
	if _, err := ircbus.Accept(ircbus.Fields{{Key: key, Value: sample}}, 0); err != nil {
		return field{}, err
	}
	f.key = key
	switch {
	case strings.HasPrefix(source, "/"):
		f.pointer, err = parsePointer(source)
	case strings.Contains(source, "{{"):
		f.template, err = template.New(key).Funcs(functions).Parse(source)
	case source == "":
		err = fmt.Errorf("it is empty: give a JSON pointer that begins with /, a template, or a text")
	default:
		f.text = source
	}
	return f, err
}

// functions are a template's beside Go's own.
var functions = template.FuncMap{
	"upper": strings.ToUpper,
	"lower": strings.ToLower,
	"join": func(separator string, list []any) string {
		texts := make([]string, len(list))
		for i, value := range list {
			texts[i] = fmt.Sprint(value)
		}
		return strings.Join(texts, separator)
	},
	// The bus's word for how a build, a check or a deployment went; nothing if the
	// program's word is not known.
	"state": func(value any) string { return mapping.State(fmt.Sprint(value)) },
	"json": func(value any) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	},
}

// maxOutput limits, in bytes, what a template may write.
const maxOutput = ircbus.MaxBody

// limited is a buffer for a template's output.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxOutput {
		return 0, ircbus.Refuse(ircbus.EventTooLarge, "the template writes more than %d bytes", maxOutput)
	}
	return l.Buffer.Write(p)
}

// execute runs a template over JSON. What the JSON does not have is nothing.
func execute(t *template.Template, data any) (string, error) {
	var out limited
	if err := t.Execute(&out, data); err != nil {
		return "", ircbus.Refuse(ircbus.InvalidEvent, "the template of %q fails with this JSON: %v", t.Name(), err)
	}
	return strings.TrimSpace(strings.ReplaceAll(out.String(), "<no value>", "")), nil
}
