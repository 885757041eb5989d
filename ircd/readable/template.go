package readable

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"time"

	"github.com/ircbus/ircbus"
)

// Parse makes a style of a Go text/template. Its data are the event's fields
// ({{.page}}, {{.user}}; {{index . "log_params.target"}} for names with a dot; of
// a repeated field the first), and "id", "channel" and "publisher". A field that
// the event lacks is empty. Functions beside text/template's own:
//
//	bold, italic, underline S      S in that form; nothing if S is empty
//	colour NAME S                  S in a colour: white black blue green red brown
//	                               purple orange yellow lime teal cyan royal pink
//	                               grey silver (color is the same)
//	size .                         "+7" from size and oldsize
//	flags .                        "minor, bot"
//	decode S                       S with &quot; and the like decoded
//	plain .                        the line of the style plain
//	ltr S                          S and a left-to-right mark, for a right-to-left
//	                               value before a number
//
// The template is executed for a full and for an empty event, so that whoever
// checks a configuration sees its mistakes.
func Parse(text string) (*Style, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the text template is empty")
	}
	t, err := template.New("text template").Option("missingkey=zero").Funcs(functions).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the text template cannot be read: %w", err)
	}
	s := &Style{name: text, prepare: fieldValues}
	s.render = func(v values) string {
		line, err := execute(t, v)
		if err != nil { // a value met no sample: better another line than none
			return plainLine(describe(v.event()))
		}
		return line
	}
	for _, sample := range []*ircbus.Event{fullSample(), {}} {
		if _, err := execute(t, fieldValues(sample)); err != nil {
			return nil, fmt.Errorf("the text template fails: %w", err)
		}
	}
	return s, nil
}

var functions = template.FuncMap{
	"bold": bold, "italic": italic, "underline": underline,
	"colour": colour, "color": colour,
	"size":   func(v values) string { return sizeChange(v.event().Fields) },
	"flags":  func(v values) string { return flags(v.event().Fields) },
	"plain":  func(v values) string { return plainLine(describe(v.event())) },
	"decode": func(s string) string { return clean(decodeReferences(s)) },
	"ltr":    func(s string) string { return s + leftToRightMark },
}

// fieldValues gives a template all fields.
func fieldValues(e *ircbus.Event) values {
	v := make(values, len(e.Fields)+3)
	for _, field := range e.Fields {
		if _, seen := v[field.Key]; !seen {
			v[field.Key] = clean(field.Value)
			if ircbus.HoldsLink(field.Key) {
				v[field.Key] = clean(ircbus.Link(field.Value))
			}
		}
	}
	v["id"] = strconv.FormatUint(uint64(e.ID), 10)
	v["channel"], v["publisher"] = e.Channel, e.Publisher
	return v
}

// event is the way back, for functions that look at several fields.
func (v values) event() *ircbus.Event {
	fields := make(ircbus.Fields, 0, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) {
		fields = append(fields, ircbus.Field{Key: key, Value: v[key]})
	}
	return &ircbus.Event{Fields: fields}
}

// maxOutput bounds, in bytes, what a template may write for one event.
const maxOutput = 64 << 10

func execute(t *template.Template, v values) (string, error) {
	var b limitedBuilder
	if err := t.Execute(&b, v); err != nil {
		return "", err
	}
	return oneLine(strings.TrimRight(b.String(), "\n")), nil
}

type limitedBuilder struct{ strings.Builder }

func (b *limitedBuilder) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, fmt.Errorf("it writes more than %d bytes for one event", maxOutput)
	}
	return b.Builder.Write(p)
}

func fullSample() *ircbus.Event {
	var f ircbus.Fields
	for _, key := range [...]string{"wiki", "page", "action", "user", "comment", "text", "log_action_comment"} {
		f = append(f, ircbus.Field{Key: key, Value: "sample"})
	}
	for _, key := range [...]string{"url", "diff", "history"} {
		f = append(f, ircbus.Field{Key: key, Value: "https://wiki.example/sample"})
	}
	for _, key := range [...]string{"rev", "oldrev", "size", "oldsize", "ns", "minor", "bot"} {
		f = append(f, ircbus.Field{Key: key, Value: "1"})
	}
	f = append(f, ircbus.Field{Key: "time", Value: ircbus.FormatTime(time.Unix(0, 0))})
	return &ircbus.Event{ID: 1, Channel: "#sample", Publisher: "sample", Fields: f}
}
