package ircbus_test

import (
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseB3: a cursor says of which log it is; plain numbers are still read.
func TestCaseB3(t *testing.T) {
	for text, want := range map[string]ircbus.Cursor{
		"4800": {ID: 4800}, "0": {}, "abc2-4800": {Epoch: "abc2", ID: 4800}, "x-0": {Epoch: "x"},
	} {
		got, err := ircbus.ParseCursor(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%q: %+v (%s), %v", text, got, got, err)
		}
	}
	for _, text := range []string{"", "-", "-2h", "-5", "x-", "x", "x-y", "x-1-2", "2026-11-20", "x y-1", "x-18446744073709551616"} {
		if got, err := ircbus.ParseCursor(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
	if (ircbus.Cursor{ID: 1}).Foreign("a") || (ircbus.Cursor{Epoch: "a"}).Foreign("a") || !(ircbus.Cursor{Epoch: "b"}).Foreign("a") {
		t.Error("foreign")
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("abc-4800")
	f.Add("4800")
	f.Add("2026-11-20T10:00:00Z")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ircbus.ParseCursor(text)
		if err != nil {
			return
		}
		if again, err := ircbus.ParseCursor(c.String()); err != nil || again != c {
			t.Errorf("%q is %+v, and then %+v, %v", text, c, again, err)
		}
	})
}
