package ircbus_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

func mustFilter(t testing.TB, query string) ircbus.Filter {
	t.Helper()
	f, err := ircbus.ParseFilter(query)
	if err != nil {
		t.Fatalf("%q: %v", query, err)
	}
	return f
}

// TestFilterIndex: whatever filters there are beside it, each one finds the same
// events as by itself.
func TestFilterIndex(t *testing.T) {
	filters := strings.Fields(`page=* page=Foo page=foo page=Foo* page=*bar* page=*BAR page=F?o page=?oo/b* page= page=!
		page=Foo&page=Foo* page=x&page=foo/bar user=!*bot user=anna&page=*o* user=*n*&page=*zzz* action=SAVE action=save&page=*oo/* tag=b tag=one&tag=two
		missing= missing=x page=*פתיחה* page=פ* page=*é* page=ÉTÉ page=ΣΊΣΥΦΟΣ page=İ* page=K page=aaa* page=*aaaa page=%EF%BF%BD*`)
	events := []ircbus.Fields{
		{{"page", "Foo"}, {"user", "Anna"}, {"action", "SAVE"}},
		{{"page", "Foo/Bar"}, {"user", "SomeBot"}, {"action", "ATTNEW"}},
		{{"page", "פתיחה"}}, {{"page", "été"}}, {{"page", "σίσυφος"}}, {{"page", "i̇x"}}, {{"page", "\u212a"}}, {{"page", "aaaaaa"}}, {{"page", "\xffx"}},
		{{"tag", "one"}, {"tag", "b"}}, {{"page", ""}}, nil, {{"missing", "x"}, {"page", "Fo"}},
		{{"action", "REDACT"}, {"target", "7"}},
	}
	var x ircbus.FilterIndex[string]
	check := func(present []string) {
		t.Helper()
		for _, e := range events {
			var want []string
			for _, query := range present {
				if mustFilter(t, query).Match(e) {
					want = append(want, query)
				}
			}
			got := x.AppendMatches(nil, e)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%v\n got %q\nwant %q", e, got, want)
			}
		}
	}
	for i, query := range filters {
		x.Add(query, mustFilter(t, query))
		x.Add(query, mustFilter(t, query)) // in its own place
		check(filters[:i+1])
	}
	for i, query := range filters {
		x.Remove(query)
		x.Remove(query)
		check(filters[i+1:])
	}
}

// FuzzFilterIndex holds that filters find the same events in an index, beside
// others, as by themselves.
func FuzzFilterIndex(f *testing.F) {
	f.Add("page=Foo*&user=!*bot", "page=*oo&page=x", "page=FooBar&user=Anna")
	f.Add("page=\u212a*", "a=K??\xff&b", "page=kkk&a=kxx%FF&b=")
	f.Add("a=aaa*&b=!", "action=x", "action=REDACT&target=7")
	f.Fuzz(func(t *testing.T, one, two, body string) {
		fields, err := ircbus.Parse(body)
		if err != nil {
			return
		}
		var x ircbus.FilterIndex[string]
		var want []string
		for i, query := range []string{one, two, "page=Foo", "a=*k*"} {
			if filter, err := ircbus.ParseFilter(query); err == nil {
				name := fmt.Sprint(i)
				if x.Add(name, filter); filter.Match(fields) {
					want = append(want, name)
				}
			}
		}
		got := x.AppendMatches(nil, fields)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q and %q find %q in %q, want %q", one, two, got, body, want)
		}
	})
}

// BenchmarkFilterIndex measures one event against 1,000 filters, of which one
// matches, or all.
func BenchmarkFilterIndex(b *testing.B) {
	event := ircbus.Fields{{"wiki", "MoinMaster"}, {"page", "HelpOn/Page77x"}, {"action", "SAVE"}, {"user", "Anna"},
		{"time", "2026-11-20T10:00:00.000000Z"}, {"comment", "took out some spam again, and some more of it"}}
	for _, kind := range []struct {
		name, filter string
		matches      int
	}{
		{"whole", "page=HelpOn/Page%dx&action=SAVE", 1},
		{"prefix", "page=HelpOn/Page%dx*&user=!*Bot", 1},
		{"infix", "page=*Page%dx*", 1},
		{"not", "user=!Somebody%d", 1000},
		{"all", "comment=*spam*&user=!Somebody%d", 1000},
	} {
		b.Run(kind.name, func(b *testing.B) {
			var x ircbus.FilterIndex[int]
			for i := range 1000 {
				x.Add(i, mustFilter(b, fmt.Sprintf(kind.filter, i)))
			}
			var found []int
			b.ReportAllocs()
			for b.Loop() {
				found = x.AppendMatches(found[:0], event)
			}
			if len(found) != kind.matches {
				b.Errorf("%d match", len(found))
			}
		})
	}
}
