package ircbus

import (
	"net/url"
	"strings"
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

// TestPlainInAddress compares what stays as it is with net/url.
func TestPlainInAddress(t *testing.T) {
	for c := range 256 {
		value := string([]byte{byte(c)})
		slash := func(s string) string { return strings.ReplaceAll(s, "%2F", "/") }
		if got, want := string(appendPercent(nil, value, &inPath)), slash(url.PathEscape(value)); got != want {
			t.Errorf("%q in a path is %s, want %s", value, got, want)
		}
		if got, want := string(appendPercent(nil, value, &inQuery)), slash(strings.ReplaceAll(url.QueryEscape(value), "+", "%20")); got != want {
			t.Errorf("%q in a query is %s, want %s", value, got, want)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	w := Wiki{PageURL: "https://w.example/wiki/{page}", DiffURL: "https://w.example/w/index.php?diff={rev}&oldid={oldrev}", HistoryURL: "https://w.example/w/index.php?title={page}&action=history"}
	fields := Fields{{"page", "Main page/sub"}, {"action", "SAVE"}, {"user", "A"}, {"rev", "8"}, {"oldrev", "7"}}
	b.ReportAllocs()
	for b.Loop() {
		w.Fill(fields)
	}
}
