package ircbus

import (
	"testing"
	"unicode/utf8"
)

func TestCaseC8(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a": "a", "\xef\xbb\xbfא": "א", "\xef\xbb\xbf\xef\xbb\xbfa": "\ufeffa", "\xff\xfea\x00\xd0\x05": "aא", "\xfe\xff\x00a\x05\xd0": "aא",
		"\xff\xfe\x3d\xd8\x00\xde": "😀", "\xfe\xff\xd8\x3d": "\ufffd", "\xff\xfea\x00b": "a\ufffd", "\xef\xbb": "\xef\xbb", "\xff": "\xff",
	} {
		if got := string(TrimBOM([]byte(text))); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestCaseC14: bytes that are no UTF-8 are what browsers read them as.
func TestCaseC14(t *testing.T) {
	fields, err := Parse("comment=%80+%93q%94&page=caf%E9")
	if want := "comment=€+“q”&page=café"; err != nil || fields.Encode() != want {
		t.Errorf("%s, %v; want %s", fields.Encode(), err, want)
	}
}

func FuzzTrimBOM(f *testing.F) {
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("\xef\xbb\xbfa"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := TrimBOM(text)
		if len(got) > 3*len(text) || HasBOM(text) && text[0] != 0xEF && !utf8.Valid(got) {
			t.Errorf("%q: %q", text, got)
		}
	})
}
