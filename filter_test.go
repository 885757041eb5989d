package ircbus_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

func ExampleParseView() {
	view, err := ircbus.ParseView("#moinmaster?page=Bad*&user=!*Bot")
	if err != nil {
		fmt.Println(err)
	}
	for _, user := range []string{"Anna", "TidyBot"} {
		event := ircbus.Event{Channel: "#MoinMaster", Fields: ircbus.Fields{{"page", "BadContent"}, {"user", user}}}
		fmt.Println(user, view.Match(&event))
	}
	// Output:
	// Anna true
	// TidyBot false
}

func TestFilter(t *testing.T) {
	event := ircbus.Fields{{"page", "פתיחה/Éxtra"}, {"user", "SpamBot"}, {"tag", "one"}, {"tag", "two"}, {"n", "a.b"}}
	for filter, want := range map[string]bool{
		"page=*":                         true,
		"page=פתיחה*":                    true,
		"page=*/éXTRA":                   true,
		"page=%D7%A4*":                   true,
		"page=????????éxtra":             false,
		"page=??????éxtra":               true,
		"page=פתיחה":                     false,
		"page=X*&page=*xtra":             true, // or
		"page=*xtra&user=X*":             false,
		"page=*xtra&user=spam*":          true, // and
		"user=!*bot":                     false,
		"user=!Anna":                     true,
		"user=!Anna&user=!*Bot":          false, // every ! holds
		"user=spam*&user=!spambot":       false,
		"tag=two":                        true, // any value of a repeated key
		"tag=!two":                       false,
		"tag=three":                      false,
		"missing=":                       true,
		"missing=!":                      false, // is there and not empty
		"page=!":                         true,
		"missing=?*":                     false,
		"missing=*":                      true,
		"n=a.b":                          true,
		"n=a?b":                          true,
		"n=axb":                          false,
		"page=" + strings.Repeat("*", 9): true,
		"page=*a*a*a*a*a*a*a*a*a*":       false,
	} {
		f, err := ircbus.ParseFilter(filter)
		if err != nil {
			t.Errorf("%q: %v", filter, err)
		}
		if got := f.Match(event); got != want {
			t.Errorf("%q: got %v", filter, got)
		}
	}
	if !(ircbus.Filter{}).Match(event) {
		t.Error("no filter")
	}
}

func TestParseViewErrors(t *testing.T) {
	for _, name := range []string{
		"", "#", "moin", "#a b", "#a,b", "#a:b", "#a\xff", "#a?", "#a?x", "#a?x=1&y", "#a?=x", "#a?x=%", "#a?x=a b", "#a?x=a,b",
		"#" + strings.Repeat("x", ircbus.MaxChannelLen), "#a?x=" + strings.Repeat("x", ircbus.MaxViewLen),
	} {
		if v, err := ircbus.ParseView(name); err == nil {
			t.Errorf("%q: %+v", name, v)
		}
	}
}

func TestViewWithChannel(t *testing.T) {
	v, err := ircbus.ParseView("#moin.text?page=a")
	if err != nil {
		t.Fatal(err)
	}
	moved := v.WithChannel("#moin")
	if moved.String() != "#moin?page=a" || !moved.Match(&ircbus.Event{Channel: "#moin", Fields: ircbus.Fields{{"page", "A"}}}) {
		t.Errorf("got %q", moved)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"moinmaster", "En_wiki-2", "_x", strings.Repeat("a", 32)} {
		if err := ircbus.CheckName(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"", "2x", "-x", "a b", "a.b", "é", strings.Repeat("a", 33), "a\n"} {
		if ircbus.CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	for _, name := range []string{"#a", "#en.wikipedia", "#עברית", "#a-b_c"} {
		if err := ircbus.CheckChannel(name); err != nil {
			t.Error(err)
		}
	}
	if got := ircbus.Fold("ABC[É"); got != "abc[É" {
		t.Errorf("Fold: %q", got)
	}
}

// FuzzView holds that a filter never panics and that a view's name parses to
// itself.
func FuzzView(f *testing.F) {
	f.Add("#moin?page=Bad*&user=!*Bot", "page=BadContent&user=x")
	f.Add("#a?x=*?*?%FF", "x=\xff")
	f.Fuzz(func(t *testing.T, name, body string) {
		v, err := ircbus.ParseView(name)
		if err != nil {
			return
		}
		if v.String() != name {
			t.Errorf("%q became %q", name, v)
		}
		if fields, err := ircbus.Parse(body); err == nil {
			v.Match(&ircbus.Event{Channel: v.Channel, Fields: fields})
		}
	})
}

func BenchmarkFilter(b *testing.B) {
	f, err := ircbus.ParseFilter("page=Bad*&user=!*Bot&comment=*spam*")
	if err != nil {
		b.Fatal(err)
	}
	event := ircbus.Fields{{"page", "BadContent"}, {"user", "Anna"}, {"comment", "took out some spam again"}}
	b.ReportAllocs()
	for b.Loop() {
		f.Match(event)
	}
}
