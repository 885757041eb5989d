package xmlrpc

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// only reads the one <value> of an element to that element's end.
func (p *parser) only(outer string) (value Value, err error) {
	n := 0
	err = p.each(outer, "value", func() (err error) {
		n++
		value, err = p.value(0)
		return err
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("there are %d values in <%s> where one must be", n, outer)
	}
	return value, err
}

// value reads a <value> whose begin has been read, to its end. Text without a
// type is a string.
func (p *parser) value(depth int) (v Value, err error) {
	if p.values++; p.values > p.limit {
		return v, fmt.Errorf("there are more than %d values", p.limit)
	}
	if depth == maxDepth {
		return v, fmt.Errorf("the values are nested more than %d deep", maxDepth)
	}
	var text strings.Builder
	typed := false
	for {
		token, err := p.token()
		if err != nil {
			return v, err
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			if typed {
				return v, errors.New("a <value> has two types")
			}
			typed = true
			if v, err = p.typed(t.Name.Local, depth); err != nil {
				return v, err
			}
		case xml.EndElement:
			if typed && strings.TrimSpace(text.String()) != "" {
				return v, errors.New("a <value> has text beside its type")
			}
			if !typed {
				v = String(text.String())
			}
			return v, nil
		}
	}
}

// typed reads the rest of an element that is a value's type.
func (p *parser) typed(name string, depth int) (v Value, err error) {
	v.Type = name
	switch name {
	case "i4", "i8":
		v.Type = "int"
	case "int", "boolean", "string", "double", "dateTime.iso8601", "base64", "nil":
	case "array":
		err = p.each("array", "data", func() error {
			return p.each("data", "value", func() error {
				inner, err := p.value(depth + 1)
				v.Array = append(v.Array, inner)
				return err
			})
		})
		return v, err
	case "struct":
		err = p.each("struct", "member", func() error {
			member, err := p.member(depth)
			v.Struct = append(v.Struct, member)
			return err
		})
		return v, err
	default:
		return v, fmt.Errorf("there is no type %q", name)
	}
	if v.Text, err = p.text(name); v.Type != "string" {
		v.Text = strings.TrimSpace(v.Text)
	}
	return v, err
}

// member reads a <member> whose begin has been read, to its end.
func (p *parser) member(depth int) (m Member, err error) {
	if m.Name, err = p.element("name"); err != nil {
		return m, err
	}
	if err := p.start("value"); err != nil {
		return m, err
	}
	if m.Value, err = p.value(depth + 1); err != nil {
		return m, err
	}
	return m, p.each("member", "nothing more", func() error { return nil })
}
