package mapping

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

func TestFlatten(t *testing.T) {
	raw, err := Flatten([]byte(` {"a":"x","n":1.50,"t":true,"f":false,"z":null,"e":"","o":{"p":{"q":"deep"},"b/c":"s"},"l":["1",2,{"m":"3"},[true]]} `))
	if want := "a=x&n=1.50&t=1&o.p.q=deep&o.b/c=s&l=1&l=2&l=1&l.m=3"; err != nil || raw.Encode() != want {
		t.Errorf("got %s, %v; want %s", raw.Encode(), err, want)
	}
	for _, text := range []string{"", "  ", "7", "[]", `{"a"`, `{"a":1} x`, `{"a":1]`} {
		if raw, err := Flatten([]byte(text)); !isRefusal(err) || raw.Fields != nil {
			t.Errorf("%.20q: %v, %v", text, raw, err)
		}
	}
}

func isRefusal(err error) bool {
	_, ok := err.(*ircbus.Refusal)
	return ok
}

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"labels.instance": "labels.instance", "exampleSDID@32473": "exampleSDID_32473", "id": "id_", "user": "user_", "": "_",
		"שם": "__", "a b/c": "a_b_c", strings.Repeat("x", 70): strings.Repeat("x", 64),
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestKey(t *testing.T) {
	if got := Key("a", "b"); got != "a b" {
		t.Errorf("got %q", got)
	}
	keys := map[string]bool{}
	for _, parts := range [][]string{{"a b", "c"}, {"a", "b c"}, {"a", "b", "c"}, {"", ""}, {""}, {strings.Repeat("x", 100)}, {strings.Repeat("x", 101)}} {
		key := Key(parts...)
		if keys[key] || key == "" || len(key) > ircbus.MaxKeyLen {
			t.Errorf("%q has the key %q", parts, key)
		}
		keys[key] = true
	}
}

func TestFit(t *testing.T) {
	var e Event
	e.Add("page", "p")
	e.Add("empty", "")
	e.Keep("id", "7")
	e.KeepAll(ircbus.Fields{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}, "a")
	if got, want := e.Fit(0).Encode(), "page=p&id_=7&b=2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	e.Keep("long", strings.Repeat("ש", ircbus.MaxBody))
	if got, want := e.Fit(0).Encode(), "page=p&id_=7&b=2&omitted=1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for range 100 {
		e.Keep("many", "x")
	}
	if got := e.Fit(0); len(got) != ircbus.MaxFields-1 || got.Get("omitted") != "42" {
		t.Errorf("%d fields, %s omitted", len(got), got.Get("omitted"))
	}
	e = Event{}
	e.Add("comment", strings.Repeat("%", ircbus.MaxBody))
	e.Add("user", strings.Repeat("שלום ", ircbus.MaxBody))
	got, err := ircbus.Accept(e.Fit(0), 0)
	if err != nil || got.Get("cut") != "comment,user" || !strings.HasSuffix(got.Get("comment"), "%…") || len(got.Get("comment")) < ircbus.MaxBody/8 {
		t.Errorf("%v: cut %q, a comment of %d bytes", err, got.Get("cut"), len(got.Get("comment")))
	}
}

func TestSentence(t *testing.T) {
	long, address := strings.Repeat("שלום ", 200), "https://example.org/"
	for _, test := range [][4]string{
		{"head", "body\n\n of  it", address, "head: body of it " + address},
		{"", "body", "", "body"}, {"head", "", "", "head"}, {"", "", address, address}, {"head", "body", "not an\naddress", "head: body"},
	} {
		if got := Sentence(test[0], test[1], test[2]); got != test[3] {
			t.Errorf("got %q, want %q", got, test[3])
		}
	}
	if got := Sentence(long, long, address); len(got) > maxSentence || len(got) < maxSentence-10 || !strings.HasSuffix(got, "… "+address) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// TestSentenceWithoutRoom: a long head and a long address leave nothing for what
// is between them.
func TestSentenceWithoutRoom(t *testing.T) {
	for n := 150; n <= 250; n++ {
		line := Sentence(strings.Repeat("h", n), "body", strings.Repeat("a", n))
		if !strings.HasPrefix(line, "hhh") || len(line) > maxSentence+len(":  ") {
			t.Errorf("%d: %d bytes, %q", n, len(line), line)
		}
	}
	if got := Clip("abc", 2); got != "" {
		t.Errorf("two bytes have room for %q", got)
	}
}

// Whatever JSON comes, what is made of it is an event that the bus takes.
func FuzzFlatten(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,"x",null,true,{"c":"d"}]},"id":"7","ש":"ש"}`))
	f.Add([]byte(`{"a":"` + strings.Repeat("x%", ircbus.MaxBody) + `"}`))
	f.Add([]byte("{\"a\":\"\xff\xfe\",\"key\":\"\"}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		raw, err := Flatten(text)
		if err != nil {
			if !isRefusal(err) {
				t.Errorf("%T", err)
			}
			return
		}
		var e Event
		e.KeepFlat(raw)
		e.Add("text", Sentence(string(text), string(text), ""))
		e.Add("key", Key(string(text)))
		if len(raw.Fields) > 0 {
			e.Add("comment", raw.Fields[0].Value)
		}
		fields, err := ircbus.Accept(e.Fit(0), 0)
		if err != nil || !utf8.ValidString(fields.Encode()) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
