package xmlrpc

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ircbus/ircbus/publisher/content"
)

const (
	maxDepth    = 16
	maxValues   = 10_000  // of a call
	maxResponse = 400_000 // values, of a response
)

// ParseCall reads a call. The error is one sentence for who sent it.
func ParseCall(body []byte) (method string, params []Value, err error) {
	p := newParser(body, maxValues)
	if err := p.start("methodCall"); err != nil {
		return "", nil, err
	}
	if method, err = p.element("methodName"); err != nil {
		return "", nil, err
	}
	err = p.each("methodCall", "params", func() error {
		return p.each("params", "param", func() error {
			value, err := p.only("param")
			params = append(params, value)
			return err
		})
	})
	if err != nil {
		return "", nil, err
	}
	if method = strings.TrimSpace(method); method == "" {
		return "", nil, errors.New("the call names no method")
	}
	return method, params, p.end()
}

type parser struct {
	d      *xml.Decoder
	values int
	limit  int // of values
}

func newParser(body []byte, limit int) *parser {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = content.XMLReader // what old clients write beside UTF-8
	return &parser{d: d, limit: limit}
}

// token returns the next token that is not a comment or the like. White space
// counts only inside of values.
func (p *parser) token() (xml.Token, error) {
	for {
		token, err := p.d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil, errors.New("the XML ends in the middle")
			}
			return nil, fmt.Errorf("broken XML: %w", err)
		}
		switch token.(type) {
		case xml.Directive:
			return nil, errors.New("a document type is not allowed")
		case xml.Comment, xml.ProcInst:
			continue
		}
		return token, nil
	}
}

// start reads the begin of an element, which must come next.
func (p *parser) start(name string) error {
	for {
		token, err := p.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			if len(bytes.TrimSpace(t)) == 0 {
				continue
			}
		case xml.StartElement:
			if t.Name.Local == name {
				return nil
			}
			return fmt.Errorf("there is <%s> where <%s> should be", t.Name.Local, name)
		}
		return fmt.Errorf("there is no <%s>", name)
	}
}

// each reads the elements called inner to the end of outer, whose begin has been
// read. read reads each to its end.
func (p *parser) each(outer, inner string, read func() error) error {
	for {
		token, err := p.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != inner {
				return fmt.Errorf("there is <%s> in <%s>, where only <%s> may be", t.Name.Local, outer, inner)
			}
			if err := read(); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return fmt.Errorf("there is text in <%s>", outer)
			}
		}
	}
}

// element reads an element that has text alone.
func (p *parser) element(name string) (string, error) {
	if err := p.start(name); err != nil {
		return "", err
	}
	return p.text(name)
}

// text reads to the end of an element that has text alone.
func (p *parser) text(name string) (string, error) {
	var b strings.Builder
	for {
		token, err := p.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		default:
			return "", fmt.Errorf("there is an element in <%s>", name)
		}
	}
}

// end checks that nothing follows the call or response.
func (p *parser) end() error {
	for {
		token, err := p.d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		text, isText := token.(xml.CharData)
		if _, isComment := token.(xml.Comment); err != nil || !isComment && (!isText || len(bytes.TrimSpace(text)) > 0) {
			return errors.New("something follows the end")
		}
	}
}
