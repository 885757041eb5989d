package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/cmd/ircbus/bus"
)

// TestCaseC8: what an editor puts before a text is no part of a password, a
// configuration or an event.
func TestCaseC8(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, mark := range []string{"\xef\xbb\xbf", ""} {
		write(mark + "secret\r\n")
		if got, err := readSecret(file); err != nil || got != "secret" {
			t.Errorf("the password file: %q, %v", got, err)
		}
		if got, err := readFirstLine(strings.NewReader(mark + "secret\n")); err != nil || got != "secret" {
			t.Errorf("standard input: %q, %v", got, err)
		}
		write(mark + "url = \"https://bus.example\"\n")
		if c, err := bus.Load(file); err != nil || c.URL != "https://bus.example" {
			t.Errorf("the configuration: %q, %v", c.URL, err)
		}
		c := &publishCmd{}
		in, err := c.input(&globals{ctx: t.Context(), stdin: strings.NewReader(mark + "page=A\n" + `{"page":"B"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if first, second := <-in, <-in; first.fields.Encode() != "page=A" || second.fields.Encode() != "page=B" {
			t.Errorf("events: %v, %v", first, second)
		}
	}
	write("\xff\xfes\x00e\x00c\x00r\x00e\x00t\x00\n\x00") // Windows writes so
	if got, err := readSecret(file); err != nil || got != "secret" {
		t.Errorf("UTF-16: %q, %v", got, err)
	}
}
