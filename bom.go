package ircbus

import (
	"bytes"
	"encoding/binary"
	"os"
	"unicode/utf16"
	"unicode/utf8"
)

// The byte order marks (Unicode 16, section 23.8).
var (
	bomUTF8    = []byte("\xef\xbb\xbf")
	bomUTF16LE = []byte("\xff\xfe")
	bomUTF16BE = []byte("\xfe\xff")
)

// TrimBOM returns a text as UTF-8 without the byte order mark that some editors
// and programs put at its beginning. A text that begins with a mark of UTF-16 is
// UTF-16. Every other text is returned as it is. Only the first mark is removed.
func TrimBOM(text []byte) []byte {
	switch {
	case bytes.HasPrefix(text, bomUTF8):
		return text[len(bomUTF8):]
	case bytes.HasPrefix(text, bomUTF16LE):
		return fromUTF16(text[len(bomUTF16LE):], binary.LittleEndian)
	case bytes.HasPrefix(text, bomUTF16BE):
		return fromUTF16(text[len(bomUTF16BE):], binary.BigEndian)
	}
	return text
}

// ReadTextFile reads a file that people may have edited, without a byte order mark.
func ReadTextFile(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	return TrimBOM(text), err
}

// HasBOM reports whether TrimBOM would remove a mark.
func HasBOM(text []byte) bool {
	return bytes.HasPrefix(text, bomUTF8) || bytes.HasPrefix(text, bomUTF16LE) || bytes.HasPrefix(text, bomUTF16BE)
}

// fromUTF16 makes UTF-8. What is no character, such as an odd byte at the end,
// becomes U+FFFD.
func fromUTF16(text []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(text))
	for len(text) >= 2 {
		r := rune(order.Uint16(text))
		text = text[2:]
		if utf16.IsSurrogate(r) && len(text) >= 2 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(text))); pair != utf8.RuneError {
				r, text = pair, text[2:]
			}
		}
		out = utf8.AppendRune(out, r) // a lone surrogate becomes U+FFFD
	}
	if len(text) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}
