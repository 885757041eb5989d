package ircbus_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// seedEvent is the event that the idea of this bus was first explained with.
var seedEvent = ircbus.Fields{
	{"wiki", "MoinMoin"}, {"page", "פתיחה"}, {"action", "SAVE"}, {"user", "פלוני אלמוני"},
}

func ExampleFields_Encode() {
	event := ircbus.Fields{
		{"wiki", "MoinMoin"}, {"page", "פתיחה"}, {"action", "SAVE"}, {"user", "פלוני אלמוני"},
	}
	fmt.Println(event.Encode())
	// Output: wiki=MoinMoin&page=פתיחה&action=SAVE&user=פלוני+אלמוני
}

func ExampleParse() {
	event, err := ircbus.Parse("page=%d7%A4תיחה&user=A%20B&minor&tag=x&tag=y")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%q\n", event)
	// Output: [{"page" "פתיחה"} {"user" "A B"} {"minor" ""} {"tag" "x"} {"tag" "y"}]
}

// Every way in which Moin's versions wrote the same event reads the same.
func TestParseVariants(t *testing.T) {
	const werkzeug = "wiki=MoinMoin&page=%D7%A4%D7%AA%D7%99%D7%97%D7%94&action=SAVE&user=%D7%A4%D7%9C%D7%95%D7%A0%D7%99+%D7%90%D7%9C%D7%9E%D7%95%D7%A0%D7%99"
	for name, query := range map[string]string{
		"escaped":        werkzeug,
		"lower hex":      strings.NewReplacer("%D7%A4", "%d7%a4", "%AA", "%aa").Replace(werkzeug),
		"%20":            strings.ReplaceAll(werkzeug, "+", "%20"),
		"canonical":      seedEvent.Encode(),
		"empty pairs":    "&" + strings.ReplaceAll(werkzeug, "&", "&&") + "&",
		"escaped keys":   strings.Replace(werkzeug, "page=", "p%61ge=", 1),
		"escaped letter": strings.Replace(werkzeug, "SAVE", "%53AVE", 1),
	} {
		got, err := ircbus.Parse(query)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(seedEvent, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestParseValues(t *testing.T) {
	for query, want := range map[string]ircbus.Fields{
		"a=x/y":                                 {{"a", "x/y"}},
		"a=x%2Fy":                               {{"a", "x/y"}},
		"a=~&b=%7E":                             {{"a", "~"}, {"b", "~"}},
		"a":                                     {{"a", ""}},
		"a=":                                    {{"a", ""}},
		"a=b=c":                                 {{"a", "b=c"}},
		"a=1;b=2":                               {{"a", "1;b=2"}},
		"a=1&a=2&b&a=":                          {{"a", "1"}, {"a", "2"}, {"b", ""}, {"a", ""}},
		"a=caf%E9":                              {{"a", "café"}},       // Latin-1
		"a=caf\xe9 ü":                           {{"a", "café ü"}},     // only the bad byte is
		"a=%00%0D%0A":                           {{"a", "\x00\r\n"}},   // control characters survive
		"a=%C2%85":                              {{"a", "\u0085"}},     //
		"a=\u202eabc":                           {{"a", "\u202eabc"}},  // so do marks of direction
		"length.new=3":                          {{"length.new", "3"}}, //
		"x:y-z_0=%25%":                          nil,                   // a lone %
		"a=%zz":                                 nil,                   //
		"a=%1":                                  nil,                   //
		"=x":                                    nil,                   // no name
		"a b=1":                                 nil,                   //
		"é=1":                                   nil,                   //
		"a~=1":                                  nil,                   // only in parts
		strings.Repeat("k", ircbus.MaxKeyLen+1): nil,
		strings.Repeat("k&", 70):                nil,
	} {
		got, err := ircbus.Parse(query)
		if want == nil {
			if refusal := (*ircbus.Refusal)(nil); !errors.As(err, &refusal) || refusal.Reason == "" {
				t.Errorf("%q: got %q, %v; want a refusal", query, got, err)
			}
			continue
		}
		if err != nil || !cmp.Equal(want, got) {
			t.Errorf("%q: got %q, %v; want %q", query, got, err, want)
		}
	}
}

func TestEncodeEscapes(t *testing.T) {
	got := ircbus.Fields{{"k", "a b\x00\r\n\x7f%&+#;=~/:é\xff\u2028"}}.Encode()
	if want := "k=a+b%00%0D%0A%7F%25%26%2B%23%3B=~/:é%FF\u2028"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAccept(t *testing.T) {
	got, err := ircbus.Accept(ircbus.Fields{
		{"comment", "b\xe9"}, {"key", "7"}, {"user", "u"}, {"tag", "1"}, {"page", "p"}, {"tag", "2"},
	}, 0)
	want := ircbus.Fields{
		{"page", "p"}, {"user", "u"}, {"comment", "bé"}, {"tag", "1"}, {"tag", "2"}, {"key", "7"},
	}
	if err != nil || !cmp.Equal(want, got) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	long := strings.Repeat("x", ircbus.MaxBody)
	for name, test := range map[string]struct {
		fields ircbus.Fields
		code   ircbus.Code
	}{
		"empty":     {nil, ircbus.InvalidEvent},
		"id":        {ircbus.Fields{{"id", "1"}}, ircbus.InvalidEvent},
		"part":      {ircbus.Fields{{"part", "1/2"}}, ircbus.InvalidEvent},
		"bad key":   {ircbus.Fields{{"a b", "1"}}, ircbus.InvalidEvent},
		"two keys":  {ircbus.Fields{{"key", "1"}, {"key", "2"}}, ircbus.InvalidEvent},
		"empty key": {ircbus.Fields{{"a", "1"}, {"key", ""}}, ircbus.InvalidEvent},
		"too long":  {ircbus.Fields{{"a", long}}, ircbus.EventTooLarge},
		"too many":  {make(ircbus.Fields, ircbus.MaxFields+1), ircbus.EventTooLarge},
	} {
		_, err := ircbus.Accept(test.fields, 0)
		if refusal := (*ircbus.Refusal)(nil); !errors.As(err, &refusal) || refusal.Code != test.code {
			t.Errorf("%s: got %v, want %s", name, err, test.code)
		}
	}
	if _, err := ircbus.Accept(ircbus.Fields{{"a", long[:ircbus.MaxBody-2]}}, 0); err != nil {
		t.Errorf("an event of just the limit: %v", err)
	}
}

// FuzzParse holds that reading never panics, and that what was read is written
// and read again unchanged.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		seedEvent.Encode(), "a=%D7%A4+b&c&d=", "a=%ff\xff", "a=1&a=2;b", "=", "%", "a=%4", "id=1&part=1/2&a~=b", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		fields, err := ircbus.Parse(query)
		if err != nil {
			return
		}
		for _, field := range fields {
			if !utf8.ValidString(field.Value) {
				t.Errorf("value %q is not UTF-8", field.Value)
			}
		}
		body := fields.Encode()
		if strings.ContainsAny(body, " \r\n\x00\x01") {
			t.Errorf("%q cannot stand in an IRC line", body)
		}
		again, err := ircbus.Parse(body)
		if err != nil || !cmp.Equal(fields, again) {
			t.Errorf("%q: %q became %q, %v", query, fields, again, err)
		}
		if body != again.Encode() {
			t.Errorf("%q is not canonical", body)
		}
	})
}

// FuzzEvent holds decode∘encode = identity for any event that Accept takes.
func FuzzEvent(f *testing.F) {
	f.Add("page", "פתיחה", "user", "פלוני אלמוני", "comment", "a&b=c+d%\r\n")
	f.Add("key", "1", "tag", "x", "tag", "\xff\x00")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2, k3, v3 string) {
		fields, err := ircbus.Accept(ircbus.Fields{{k1, v1}, {k2, v2}, {k3, v3}}, 0)
		if err != nil {
			return
		}
		got, err := ircbus.Parse(fields.Encode())
		if err != nil || !cmp.Equal(fields, got) {
			t.Errorf("%q became %q, %v", fields, got, err)
		}
		if again, err := ircbus.Accept(got, 0); err != nil || !cmp.Equal(got, again) {
			t.Errorf("%q is accepted as %q, %v", got, again, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = seedEvent.Append(buf[:0])
	}
}

func BenchmarkParse(b *testing.B) {
	query := seedEvent.Encode()
	b.ReportAllocs()
	for b.Loop() {
		ircbus.Parse(query)
	}
}
