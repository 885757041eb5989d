package ircbus_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// FuzzGlob compares with the shortest program that does the same.
func FuzzGlob(f *testing.F) {
	for _, pattern := range []string{"", "*", "a?b", "*a?*b", "?*?", "É*x", "*" + strings.Repeat("a?", 150) + "*", "a*a?c*d", "\xff*"} {
		f.Add(pattern, "aXb")
		f.Add(pattern, strings.Repeat("aé", 200)+"cd")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 400 || len(text) > 400 {
			return
		}
		g := ircbus.NewGlob(pattern)
		if got, want := g.Match(text), slowGlob([]rune(pattern), []rune(text)); got != want {
			t.Errorf("%q matches %q: %v", pattern, text, got)
		}
	})
}

// slowGlob fills a row of a table for each character of the pattern.
func slowGlob(pattern, text []rune) bool {
	row := make([]bool, len(text)+1) // whether the pattern so far matches so much of the text
	row[0] = true
	for _, p := range pattern {
		next := make([]bool, len(row))
		for i := range row {
			switch {
			case p == '*':
				next[i] = row[i] || i > 0 && next[i-1]
			case i > 0:
				next[i] = row[i-1] && (p == '?' || fold(p) == fold(text[i-1]))
			}
		}
		row = next
	}
	return row[len(text)]
}

func fold(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	return unicode.ToLower(unicode.ToUpper(r))
}

// Whatever a view's patterns are, the work that is counted is in proportion to the
// events, and a pattern that finds nothing early is not tried any longer.
func TestCaseA1Work(t *testing.T) {
	for name, filter := range map[string]string{
		"long": "comment=*" + strings.Repeat("a", 100) + "b*",
		"any":  "c=*" + strings.Repeat("a?", 50) + "b*",
		"or":   strings.Repeat("c=*b*&", 20) + "c=*c*",
		"not":  strings.Repeat("c=!*b*&", 18) + "c=!*c*",
	} {
		t.Run(name, func(t *testing.T) {
			view, err := ircbus.ParseView("#pub?" + filter)
			if err != nil {
				t.Fatal(err)
			}
			key, _, _ := strings.Cut(filter, "=")
			m := ircbus.NewMatcher([]ircbus.View{view})
			work := func(size int) int {
				e := ircbus.Event{Channel: "#pub", Fields: ircbus.Fields{{Key: key, Value: strings.Repeat("a", size)}}}
				before := m.Work()
				most := m.MostWork(&e)
				m.Match(&e)
				if spent := m.Work() - before; spent > most || spent <= 0 {
					t.Errorf("%d bytes took %v of at most %v", size, spent, most)
				}
				return int(m.Work() - before)
			}
			if small, large := work(1000), work(8000); large > 9*small {
				t.Errorf("the work for 1,000 bytes is %d, that for 8,000 is %d", small, large)
			}
		})
	}
}

// A Matcher is any view's Match.
func TestMatcher(t *testing.T) {
	var views []ircbus.View
	for _, name := range []string{"#A?page=x*", "#b", "#c?page=!x*"} {
		view, err := ircbus.ParseView(name)
		if err != nil {
			t.Fatal(err)
		}
		views = append(views, view)
	}
	m, all := ircbus.NewMatcher(views), ircbus.NewMatcher(nil)
	for _, channel := range []string{"#a", "#b", "#c", "#d"} {
		for _, fields := range []ircbus.Fields{{{Key: "page", Value: "X"}}, {{Key: "page", Value: "y"}}, {}, {{Key: "action", Value: ircbus.Redacted}, {Key: "redacts", Value: "7"}}} {
			e := ircbus.Event{Channel: channel, Fields: fields}
			want := false
			for _, v := range views {
				want = want || v.Match(&e)
			}
			if got := m.Match(&e); got != want || !all.Match(&e) {
				t.Errorf("%s %s: %v", channel, fmt.Sprint(fields), got)
			}
		}
	}
}
