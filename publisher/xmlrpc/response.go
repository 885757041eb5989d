package xmlrpc

import (
	"encoding/xml"
	"fmt"
	"strconv"
)

// FaultError is a response that says why a call has failed.
type FaultError struct {
	Code int
	Text string
}

func (e *FaultError) Error() string { return fmt.Sprintf("fault %d: %.200s", e.Code, e.Text) }

// ParseResponse reads the answer to a call: a result, or a fault. The error says
// that it is neither.
func ParseResponse(body []byte) (result Value, fault *FaultError, err error) {
	p := newParser(body, maxResponse)
	if err := p.start("methodResponse"); err != nil {
		return Value{}, nil, err
	}
	inner, err := p.begin("methodResponse")
	if err != nil {
		return Value{}, nil, err
	}
	switch inner {
	case "params":
		result, err = p.result()
	case "fault":
		var value Value
		value, err = p.only("fault")
		fault = faultOf(value)
	default:
		err = fmt.Errorf("there is <%s> in <methodResponse>, where <params> or <fault> must be", inner)
	}
	if err == nil {
		err = p.each("methodResponse", "nothing more", func() error { return nil })
	}
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return Value{}, nil, err
	}
	return result, fault, nil
}

// begin reads the begin of an element, whatever its name is.
func (p *parser) begin(outer string) (name string, err error) {
	for {
		token, err := p.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return t.Name.Local, nil
		case xml.EndElement:
			return "", fmt.Errorf("there is nothing in <%s>", outer)
		}
	}
}

// result reads the one parameter of a response to the end of <params>.
func (p *parser) result() (value Value, err error) {
	n := 0
	err = p.each("params", "param", func() (err error) {
		n++
		value, err = p.only("param")
		return err
	})
	if err == nil && n != 1 {
		err = fmt.Errorf("there are %d results where one must be", n)
	}
	return value, err
}

func faultOf(value Value) *FaultError {
	code, _ := value.Get("faultCode")
	text, _ := value.Get("faultString")
	n, _ := strconv.Atoi(code.Text) // 0 is none of anybody's codes
	return &FaultError{n, text.Text}
}
