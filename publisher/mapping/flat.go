package mapping

import (
	"slices"

	"github.com/ircbus/ircbus"
)

// maxValues limits the values of a flat list.
const maxValues = 4096

// maxName limits, in bytes, a dotted name, so that a few bytes of input cannot
// become many of names.
const maxName = 256

// Flat is what a foreign program said, under its own names.
type Flat struct {
	ircbus.Fields
	Omitted int // values beyond the limits of JSON
}

// Without returns the list without the fields of these names.
func (f Flat) Without(names ...string) Flat {
	var left ircbus.Fields
	for _, field := range f.Fields {
		if !slices.Contains(names, field.Key) {
			left = append(left, field)
		}
	}
	return Flat{Fields: left, Omitted: f.Omitted}
}

// Flatten is Flat of an object that is read from text. The error is an
// *ircbus.Refusal.
func Flatten(object []byte) (Flat, error) {
	v, err := ReadObject(object)
	return v.Flat(), err
}

// Flat returns a list of all values in an object, nested ones with dots
// ("labels.instance"), in the order of the text. Numbers stay as written, true is
// "1"; false, null and "" are left out, and arrays repeat their name.
//
// In an array of objects each member has a value for each element, "" if it is
// null, false or missing there: so the fifth name belongs to the fifth state.
func (v Value) Flat() Flat {
	l := flatList{columns: make(map[string]*column), rows: make(map[string]int)}
	l.add(v, "", "")
	return l.list(v.left)
}

// column are the values under one name.
type column struct {
	name   string
	values []string
	array  string // of objects, in which the values are; "" for none
	row    []int  // the object of each value
	ragged bool   // some object has several, or the values are in several arrays
}

// flatList collects the columns of a value, in the order of the text.
type flatList struct {
	columns map[string]*column
	order   []*column
	rows    map[string]int // objects in each array so far
}

// add takes a value in an array of objects, "" for none.
func (l *flatList) add(v Value, name, array string) {
	switch v.kind {
	case '{':
		for i, inner := range v.inner {
			l.add(inner, dotted(name, v.names[i]), array)
		}
	case '[':
		for _, element := range v.inner {
			if element.IsObject() {
				l.rows[name]++
				l.add(element, name, name)
			} else {
				l.add(element, name, array)
			}
		}
	default:
		l.value(v.text, name, array)
	}
}

func (l *flatList) value(text, name, array string) {
	c := l.columns[name]
	if c == nil {
		c = &column{name: name, array: array}
		l.columns[name] = c
		l.order = append(l.order, c)
	}
	row := l.rows[array]
	if c.array != array || len(c.row) > 0 && c.row[len(c.row)-1] == row {
		c.ragged = true
	}
	c.values, c.row = append(c.values, text), append(c.row, row)
}

// list returns the columns one after the other.
func (l *flatList) list(omitted int) Flat {
	f := Flat{Omitted: omitted}
	for _, c := range l.order {
		rows := 0
		if c.array != "" && !c.ragged {
			rows = l.rows[c.array]
		}
		c.each(rows, func(value string) {
			switch {
			case len(f.Fields) < maxValues:
				f.Fields = append(f.Fields, ircbus.Field{Key: c.name, Value: value})
			case value != "":
				f.Omitted++
			}
		})
	}
	return f
}

// each calls add for each value that is not empty, or, of rows objects, for each
// object.
func (c *column) each(rows int, add func(value string)) {
	if !slices.ContainsFunc(c.values, func(value string) bool { return value != "" }) {
		return
	}
	next := 1
	for i, value := range c.values {
		for ; rows > 0 && next < c.row[i] && next < maxValues; next++ {
			add("")
		}
		if value != "" || rows > 0 {
			add(value)
		}
		next = c.row[i] + 1
	}
	for ; next <= min(rows, maxValues); next++ {
		add("")
	}
}

// dotted puts a name behind its object's. Nesting cannot make names without bound.
func dotted(prefix, name string) string {
	if prefix == "" {
		return name[:min(len(name), maxName)]
	}
	prefix += "."
	return prefix + name[:min(len(name), max(maxName-len(prefix), 0))]
}
