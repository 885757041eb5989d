// Package xmlrpc reads and writes the messages of XML-RPC (xmlrpc.com/spec), as
// far as doors need it: it knows nothing of HTTP. What it reads comes from
// strangers: no document type, nothing nested deeper than 16, at most 10,000 values
// in a call and 400,000 in a response.
package xmlrpc

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

// Value is a parameter or a result. Of Text, Array and Struct the one is set that
// Type asks for.
type Value struct {
	Type   string // int (for i4 and i8, too), boolean, string, double, dateTime.iso8601, base64, nil, array, struct
	Text   string // of a scalar, as it was written; booleans are "0" or "1"
	Array  []Value
	Struct []Member
}

// Member is one of a struct's.
type Member struct {
	Name  string
	Value Value
}

// String makes a string.
func String(text string) Value { return Value{Type: "string", Text: text} }

// Bool makes a boolean.
func Bool(is bool) Value {
	if is {
		return Value{Type: "boolean", Text: "1"}
	}
	return Value{Type: "boolean", Text: "0"}
}

// Get returns a struct's first member of the name.
func (v Value) Get(name string) (value Value, ok bool) {
	for _, member := range v.Struct {
		if member.Name == name {
			return member.Value, true
		}
	}
	return Value{}, false
}

const header = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// Call is a call of a method.
func Call(method string, params ...Value) []byte {
	b := bytes.NewBufferString(header + "<methodCall><methodName>")
	escape(b, method)
	b.WriteString("</methodName><params>")
	for _, param := range params {
		b.WriteString("<param>")
		param.write(b)
		b.WriteString("</param>")
	}
	b.WriteString("</params></methodCall>\n")
	return b.Bytes()
}

// Response is the answer to a call.
func Response(result Value) []byte {
	b := bytes.NewBufferString(header + "<methodResponse><params><param>")
	result.write(b)
	b.WriteString("</param></params></methodResponse>\n")
	return b.Bytes()
}

// Fault is the answer to a call that failed.
func Fault(code int, message string) []byte {
	b := bytes.NewBufferString(header + "<methodResponse><fault>")
	Value{Type: "struct", Struct: []Member{
		{"faultCode", Value{Type: "int", Text: strconv.Itoa(code)}}, {"faultString", String(message)},
	}}.write(b)
	b.WriteString("</fault></methodResponse>\n")
	return b.Bytes()
}

func (v Value) write(b *bytes.Buffer) {
	b.WriteString("<value><" + v.Type + ">")
	switch v.Type {
	case "array":
		b.WriteString("<data>")
		for _, inner := range v.Array {
			inner.write(b)
		}
		b.WriteString("</data>")
	case "struct":
		for _, member := range v.Struct {
			b.WriteString("<member><name>")
			escape(b, member.Name)
			b.WriteString("</name>")
			member.Value.write(b)
			b.WriteString("</member>")
		}
	default:
		escape(b, v.Text)
	}
	b.WriteString("</" + v.Type + "></value>")
}

// escape writes text; what XML cannot carry becomes U+FFFD.
func escape(b *bytes.Buffer, text string) {
	if err := xml.EscapeText(b, []byte(strings.ToValidUTF8(text, "\uFFFD"))); err != nil {
		panic("xmlrpc: a buffer does not take text: " + err.Error())
	}
}
