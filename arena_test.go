package ircbus_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
)

// TestArena parses and fills many events before it looks at any of them, twice.
func TestArena(t *testing.T) {
	queries := []string{"page=A", "", "page=A+b%26c&user=x%3Dy", "a=1&b=2&c=3&d=%C3%A9&e=+&f=&g", "page=" + seedEvent.Get("page") + "&rev=7"}
	wiki := &ircbus.Wiki{PageURL: "https://w.example/{page}", DiffURL: "https://w.example/?diff={rev}"}
	var arena ircbus.Arena
	for range 2 {
		arena.Reset()
		var got, want []ircbus.Fields
		for n := range 200 {
			query := queries[n%len(queries)]
			parsed, err := arena.Parse(query)
			if err != nil {
				t.Fatal(err)
			}
			alone, err := ircbus.Parse(query)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, parsed, arena.Fill(wiki, parsed))
			want = append(want, alone, wiki.Fill(alone))
			if _, err := arena.Parse("a=+&b=%zz"); err == nil {
				t.Fatal("a broken query has been parsed")
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestArenaReused(t *testing.T) {
	wiki := &ircbus.Wiki{PageURL: "https://w.example/{page}"}
	var arena ircbus.Arena
	n := testing.AllocsPerRun(100, func() {
		arena.Reset()
		fields, err := arena.Parse("page=A+b&user=c+d")
		if err != nil || len(arena.Fill(wiki, fields)) != 3 {
			t.Error("not parsed")
		}
	})
	if n != 0 {
		t.Errorf("an arena that is used again allocates %v times", n)
	}
}

func TestFormatTime(t *testing.T) {
	for _, at := range []time.Time{
		{}, time.UnixMicro(0), time.UnixMicro(1), time.UnixMicro(-1), time.Date(2026, 11, 20, 10, 9, 8, 7006005, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 28, 23, 30, 0, 0, time.FixedZone("", -3600)),
	} {
		if got, want := ircbus.FormatTime(at), at.UTC().Format(ircbus.TimeLayout); got != want {
			t.Errorf("FormatTime(%v) is %s, want %s", at, got, want)
		}
	}
}
