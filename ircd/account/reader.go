package account

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// reader walks through one JSON document strictly, which encoding/json alone
// does not: keys are exact, known and not repeated, and every error names the
// file and the line.
type reader struct {
	name string // of the file, for errors
	data []byte
	dec  *json.Decoder

	counted int // bytes of data in which line has counted
	breaks  int // line breaks in these
}

func newReader(name string, data []byte) *reader {
	return &reader{name: name, data: data, dec: json.NewDecoder(bytes.NewReader(data))}
}

// line is the one in which the last token ended.
func (r *reader) line() int {
	at := int(r.dec.InputOffset())
	r.breaks += bytes.Count(r.data[r.counted:at], []byte("\n"))
	r.counted = at
	return 1 + r.breaks
}

func (r *reader) errorAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", r.name, line, fmt.Errorf(format, args...))
}

func (r *reader) errorf(format string, args ...any) error {
	return r.errorAt(r.line(), format, args...)
}

// broken is the error for what is not JSON, in the line where the next token
// would be.
func (r *reader) broken(err error) error {
	rest := r.data[r.dec.InputOffset():]
	blank := len(rest) - len(bytes.TrimLeft(rest, ", :\t\r\n"))
	line := r.line() + bytes.Count(rest[:blank], []byte("\n"))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.errorAt(line, "the file ends too early: put back a copy")
	}
	return r.errorAt(line, "this is not JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// value reads a string or number into v, a pointer; what is its name.
func (r *reader) value(what string, v any) error {
	err := r.dec.Decode(v)
	var wrongType *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return r.errorf("%q cannot be a %s", what, wrongType.Value)
	case errors.As(err, new(*json.SyntaxError)), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return r.broken(err)
	}
	return r.errorf("%q is wrong: %w", what, err)
}

// object reads an object; field must read the value of each key.
func (r *reader) object(what string, field func(key string) error) error {
	if err := r.delim(what, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return r.broken(err)
		}
		key, _ := token.(string) // the decoder lets nothing else be a key
		if seen[key] {
			return r.errorf("%q is there twice", key)
		}
		seen[key] = true
		if err := field(key); err != nil {
			return err
		}
	}
	return r.delim(what, '}')
}

// list reads a list; item must read each element.
func (r *reader) list(what string, item func() error) error {
	if err := r.delim(what, '['); err != nil {
		return err
	}
	for r.dec.More() {
		if err := item(); err != nil {
			return err
		}
	}
	return r.delim(what, ']')
}

func (r *reader) delim(what string, want json.Delim) error {
	token, err := r.dec.Token()
	if err != nil {
		return r.broken(err)
	}
	if token != want {
		return r.errorf("%s must be between %s", what, map[json.Delim]string{'{': "{ and }", '[': "[ and ]"}[want])
	}
	return nil
}

// end checks that nothing follows.
func (r *reader) end() error {
	if _, err := r.dec.Token(); err != io.EOF {
		return r.errorf("something follows after the accounts")
	}
	return nil
}
