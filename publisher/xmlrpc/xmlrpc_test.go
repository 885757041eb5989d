package xmlrpc

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const call = `<?xml version='1.0'?>
<methodCall>
<methodName>weblogUpdates.ping</methodName>
<params>
<param><value><string>a &lt;b&gt; &#1513;</string></value></param>
<param><value>no type</value></param>
<param><value><i4> 7 </i4></value></param>
<param><value><struct><!-- c --><member><name>tag</name><value><array><data><value><boolean>1</boolean></value><value/></data></array></value></member></struct></value></param>
</params>
</methodCall>
`

func TestParseCall(t *testing.T) {
	method, params, err := ParseCall([]byte(call))
	want := []Value{
		String("a <b> ש"), String("no type"), {Type: "int", Text: "7"},
		{Type: "struct", Struct: []Member{{"tag", Value{Type: "array", Array: []Value{Bool(true), String("")}}}}},
	}
	if diff := cmp.Diff(want, params); err != nil || method != "weblogUpdates.ping" || diff != "" {
		t.Errorf("%s, %v: %s", method, err, diff)
	}
	if tag, ok := params[3].Get("tag"); !ok || len(tag.Array) != 2 {
		t.Errorf("%v", params[3])
	}
	if _, params, err = ParseCall([]byte("<?xml version='1.0' encoding='ISO-8859-1'?><methodCall><methodName>m</methodName><params><param><value>caf\xe9</value></param></params></methodCall>")); err != nil || params[0].Text != "café" {
		t.Errorf("%v, %v", params, err)
	}
	if method, params, err = ParseCall([]byte("<methodCall><methodName>m</methodName></methodCall>")); err != nil || method != "m" || params != nil {
		t.Errorf("%v, %v", params, err)
	}
}

func TestRefuses(t *testing.T) {
	wrap := func(value string) string {
		return "<methodCall><methodName>m</methodName><params><param>" + value + "</param></params></methodCall>"
	}
	for _, text := range []string{
		"", "x", "<methodResponse/>", "<methodCall>", "<methodCall></methodCall>", "<methodCall><methodName> </methodName></methodCall>",
		"<methodCall>" + call, call + call, call + "x", wrap(""), wrap("<value/><value/>"), wrap("<value><x/></value>"), wrap("<value><i4/><i4/></value>"),
		wrap("<value>x<i4>7</i4></value>"), wrap("<value><i4><i4/></i4></value>"), wrap("<value><struct><member><name>a</name></member></struct></value>"),
		"<!DOCTYPE x [<!ENTITY a 'b'>]>" + call[strings.Index(call, "<methodCall>"):], wrap("<value>&a;</value>"),
		"<?xml version='1.0' encoding='EBCDIC'?><methodCall/>",
		wrap(strings.Repeat("<value><array><data>", 20) + strings.Repeat("</data></array></value>", 20)),
		wrap("<value><array><data>" + strings.Repeat("<value/>", maxValues) + "</data></array></value>"),
	} {
		if method, params, err := ParseCall([]byte(text)); err == nil {
			t.Errorf("%.60s: %s %v", text, method, params)
		}
	}
}

func TestAnswers(t *testing.T) {
	answer := string(Response(Value{Type: "struct", Struct: []Member{{"flerror", Bool(false)}, {"message", String("<ok>\x00")}}}))
	if want := "<methodResponse><params><param><value><struct><member><name>flerror</name><value><boolean>0</boolean></value></member>" +
		"<member><name>message</name><value><string>&lt;ok&gt;\uFFFD</string></value></member></struct></value></param></params></methodResponse>\n"; !strings.HasSuffix(answer, want) {
		t.Errorf("got %s", answer)
	}
	if answer := string(Fault(4, "no")); !strings.Contains(answer, "<fault><value><struct><member><name>faultCode</name><value><int>4</int></value></member>") {
		t.Errorf("got %s", answer)
	}
}

// Whatever can be read is written so that it reads the same.
func FuzzParseCall(f *testing.F) {
	f.Add([]byte(call))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, params, err := ParseCall(body)
		if err != nil {
			return
		}
		answer := string(Response(Value{Type: "array", Array: params}))
		again := strings.NewReplacer("<methodResponse>", "<methodCall><methodName>m</methodName>", "</methodResponse>", "</methodCall>").Replace(answer)
		_, read, err := ParseCall([]byte(again))
		if tooDeep := err != nil && strings.Contains(err.Error(), "more than"); err != nil && !tooDeep {
			t.Fatalf("%v: %s", err, again)
		} else if !tooDeep && len(read) == 1 && len(read[0].Array) != len(params) {
			t.Errorf("%d values became %d", len(params), len(read[0].Array))
		}
	})
}
