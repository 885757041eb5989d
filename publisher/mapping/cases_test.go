package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// Members of objects in an array keep their place, whatever is null, false, "" or
// missing.
func TestCaseC22Places(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":[{"n":"a","s":null},{"n":"b","s":"x"},{"n":null}]}`:                              "b.n=a&b.n=b&b.n=&b.s=&b.s=x&b.s=",
		`{"b":[{"s":false},{"s":true},{"s":""}]}`:                                              "b.s=&b.s=1&b.s=",
		`{"b":[{"u":{"n":"a"}},{"u":null},{"u":{"n":"c"}}]}`:                                   "b.u.n=a&b.u.n=&b.u.n=c",
		`{"b":[{"n":"a","t":["x","y"]},{"n":"b","t":[]}]}`:                                     "b.n=a&b.n=b&b.t=x&b.t=y",
		`{"b":[{"s":[{"n":"a","r":null},{"n":"b","r":"y"}]},{"s":[{"n":"c"}]}]}`:               "b.s.n=a&b.s.n=b&b.s.n=c&b.s.r=&b.s.r=y&b.s.r=",
		`{"b":[{"s":null},{"s":false}],"c":null,"d":["x",null,"y"],"e":[{"n":null}],"f":[[]]}`: "d=x&d=y",
	} {
		raw, err := Flatten([]byte(text))
		if err != nil || raw.Encode() != want {
			t.Errorf("%s:\n got %s, %v\nwant %s", text, raw.Encode(), err, want)
		}
		var e Event
		e.KeepFlat(raw)
		if got := e.Fit(0).Encode(); got != want {
			t.Errorf("%s as an event is %s", text, got)
		}
	}
}

// What is beyond the limits of JSON is counted, and refuses nothing.
func TestCaseC3Limits(t *testing.T) {
	for what, c := range map[string]struct {
		text    string
		omitted int
	}{
		"deep":   {`{"a":1,"b":` + strings.Repeat(`[`, 50) + `7,"x",null` + strings.Repeat("]", 50) + "}", 2},
		"wide":   {`{"a":1,"b":[1` + strings.Repeat(",1", maxValues) + "]}", 2},
		"larger": {`{"a":1,"b":[1` + strings.Repeat(",1", maxNodes+9) + "]}", maxNodes + 11 - maxValues},
	} {
		raw, err := Flatten([]byte(c.text))
		if err != nil || raw.Get("a") != "1" || raw.Omitted != c.omitted {
			t.Errorf("%s: %d omitted, %v; want %d", what, raw.Omitted, err, c.omitted)
		}
	}
}

// Members are read by themselves: one of another type is empty, and the others are
// there.
func TestCaseC3Types(t *testing.T) {
	v, err := Read([]byte(`{"s":"x","n":1.50,"t":true,"f":false,"z":null,"o":{"a":1},"l":["a",2,{"b":3}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range append(v.Names(), "none") {
		got = append(got, fmt.Sprintf("%s %d %v %v %s", v.Text(name), len(v.At(name).List()), v.At(name).IsObject(), v.Texts(name), v.Text(name, "a")))
	}
	want := []string{"x 0 false [x] ", "1.50 0 false [1.50] ", "1 0 false [1] ", " 0 false [] ", " 0 false [] ", " 0 true [] 1", " 3 false [a 2] ", " 0 false [] "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is left out is what tells the least: the deep and the repeated.
func TestCaseC7(t *testing.T) {
	var builds, lines strings.Builder
	for i := range 40 {
		fmt.Fprintf(&builds, `,{"id":%d,"name":"n%d","runner":{"tags":["a","b"],"description":"%s"}}`, i, i, strings.Repeat("d", 100))
		fmt.Fprintf(&lines, `,"%s"`, strings.Repeat("l", 200))
	}
	for what, text := range map[string]string{
		"many":        `{"builds":[` + builds.String()[1:] + `],"object":{"status":"failed","detailed":"why"},"result":"bad"}`,
		"a long list": `{"log":[` + strings.Repeat(lines.String(), 4)[1:] + `],"object":{"status":"failed","detailed":"why"},"result":"bad"}`,
		"a long text": `{"log":"` + strings.Repeat("x", 3*ircbus.MaxBody) + `","object":{"status":"failed","detailed":"why"},"result":"bad"}`,
		"deep texts":  `{"a":{"b":{"c":"` + strings.Repeat("x", ircbus.MaxBody/9) + `","d":[` + lines.String()[1:] + lines.String() + lines.String() + `]}},"object":{"status":"failed","detailed":"why"},"result":"bad"}`,
	} {
		raw, err := Flatten([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		e.KeepFlat(raw)
		got, err := ircbus.Accept(e.Fit(0), 0)
		if err != nil || got.Get("object.status") != "failed" || got.Get("object.detailed") != "why" || got.Get("result") != "bad" || got.Get("omitted") == "" {
			t.Errorf("%s: %v, %.300s", what, err, got.Encode())
		}
	}
}

// An event's own fields may be lists: their end is left out before anything is
// refused.
func TestCaseC7OwnFields(t *testing.T) {
	var e Event
	e.Add("page", "p")
	for range 100 {
		e.Add("tag", "t")
	}
	e.Add("state", "failed")
	got, err := ircbus.Accept(e.Fit(0), 0)
	if err != nil || got.Get("state") != "failed" || got.Get("omitted") != "40" {
		t.Errorf("%v: %s", err, got.Encode())
	}
}
