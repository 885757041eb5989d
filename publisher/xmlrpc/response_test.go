package xmlrpc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseResponse(t *testing.T) {
	list := Value{Type: "array", Array: []Value{{Type: "struct", Struct: []Member{{"name", String("<עמוד>")}}}}}
	if got, fault, err := ParseResponse(Response(list)); err != nil || fault != nil || !cmp.Equal(got, list) {
		t.Errorf("%v, %v, %v", got, fault, err)
	}
	if _, fault, err := ParseResponse(Fault(4, "no <b>")); err != nil || fault == nil || fault.Error() != "fault 4: no <b>" {
		t.Errorf("%v, %v", fault, err)
	}
	wrap := func(inner string) string { return "<methodResponse>" + inner + "</methodResponse>" }
	const good = "<params><param><value>x</value></param></params>"
	for _, text := range []string{
		"", "<html/>", "<methodCall/>", "<methodResponse>", wrap(""), wrap("<x/>"), wrap(good + good), wrap(good) + "x", wrap("<params/>"), wrap("<fault/>"),
		wrap("<params><param><value>x</value></param><param><value>y</value></param></params>"),
	} {
		if value, fault, err := ParseResponse([]byte(text)); err == nil {
			t.Errorf("%.60s: %v, %v", text, value, fault)
		}
	}
}

// TestResponseLimit: a long list of changes can be read, an endless one cannot.
func TestResponseLimit(t *testing.T) {
	for limit, ok := range map[int]bool{3: true, 2: false} {
		p := newParser([]byte("<param><value><array><data><value/><value/></data></array></value></param>"), limit)
		if err := p.start("param"); err != nil {
			t.Fatal(err)
		}
		if value, err := p.only("param"); (err == nil) != ok {
			t.Errorf("%d: %v, %v", limit, value, err)
		}
	}
}

// TestCall: what is written can be read.
func TestCall(t *testing.T) {
	method, params, err := ParseCall(Call("wiki.getRecentChanges", Value{Type: "dateTime.iso8601", Text: "20261126T03:09:16"}, Value{Type: "int", Text: "7"}))
	if err != nil || method != "wiki.getRecentChanges" || len(params) != 2 || params[0].Text != "20261126T03:09:16" || params[1].Type != "int" {
		t.Errorf("%s, %v, %v", method, params, err)
	}
}

// FuzzParseResponse: a result that can be read is written so that it reads the same.
func FuzzParseResponse(f *testing.F) {
	f.Add(Response(Value{Type: "array", Array: []Value{{Type: "struct", Struct: []Member{{"version", Value{Type: "int", Text: "1"}}}}}}))
	f.Add(Fault(1, "No such method: wiki_getRecentChanges."))
	f.Fuzz(func(t *testing.T, body []byte) {
		result, fault, err := ParseResponse(body)
		if err != nil || fault != nil {
			return
		}
		again, fault, err := ParseResponse(Response(result))
		if err != nil || fault != nil || again.Type != result.Type || len(again.Array) != len(result.Array) || len(again.Struct) != len(result.Struct) {
			t.Errorf("%v became %v: %v, %v", result, again, fault, err)
		}
	})
}
