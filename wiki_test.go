package ircbus

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFill(t *testing.T) {
	w := Wiki{
		PageURL:    "https://w.example/wiki/{page}",
		DiffURL:    "https://w.example/w/index.php?diff={rev}&oldid={oldrev}",
		HistoryURL: "https://w.example/w/index.php?title={page}&action=history",
	}
	title := "C++ & 100% / sub?פ"
	page := "https://w.example/wiki/C++%20&%20100%25%20/%20sub%3F%D7%A4"
	history := "https://w.example/w/index.php?title=C%2B%2B%20%26%20100%25%20/%20sub%3F%D7%A4&action=history"
	for _, c := range []struct {
		name         string
		fields, want Fields
	}{
		{"all", Fields{{"page", title}, {"rev", "8"}, {"oldrev", "7"}},
			Fields{{"page", title}, {"rev", "8"}, {"oldrev", "7"}, {"url", page}, {"diff", "https://w.example/w/index.php?diff=8&oldid=7"}, {"history", history}}},
		{"what the publisher gave", Fields{{"page", "A"}, {"url", "x"}, {"history", "y"}}, Fields{{"page", "A"}, {"url", "x"}, {"history", "y"}}},
		{"what is missing", Fields{{"user", "A"}}, Fields{{"user", "A"}}},
	} {
		before := append(Fields(nil), c.fields...)
		if diff := cmp.Diff(c.want, w.Fill(c.fields)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(before, c.fields); diff != "" {
			t.Errorf("%s: Fill changed its argument:\n%s", c.name, diff)
		}
	}
}
