package ircbus_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseA13Link: what runs, reads files or is no address at all is no link.
func TestCaseA13Link(t *testing.T) {
	for _, address := range []string{
		"http://h", "https://wiki.example/פתיחה?a=b#c", "HTTPS://H/", "irc://bus.example/%23wiki", "ircs://h:6697/x", "mailto:a@b.example", "http://[::1]:80/",
	} {
		if got := ircbus.Link(address); got != address {
			t.Errorf("%q: %q", address, got)
		}
	}
	for _, address := range []string{
		"", "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "\x01javascript:x", "data:text/html,x", "vbscript:x",
		"file:///etc/passwd", "blob:https://h/x", "view-source:http://h", "ftp://h", "http:", "http://", "http:h", "https:///h", "//h/x", "/x", "x", "httpx://h",
		"http://h\n", "http://h/\x00", "mailto:", "jar:http://h", "intent://h", "\u00a0http://h", "http&#58;//h",
	} {
		if got := ircbus.Link(address); got != "" {
			t.Errorf("%q is a link: %q", address, got)
		}
	}
}

// TestCaseA13Escaped: what would end a link in a text, or in HTML that a reader of feeds
// makes, is escaped.
func TestCaseA13Escaped(t *testing.T) {
	for address, want := range map[string]string{
		"http://h/My Page":            "http://h/My%20Page",
		`http://h" onclick="alert(1)`: "http://h%22%20onclick=%22alert(1)",
		"https://h/<script>`x`":       "https://h/%3Cscript%3E%60x%60",
		"https://h/a\u202eb":          "https://h/a%E2%80%AEb",
		"https://h/a\u2028b\u00a0c":   "https://h/a%E2%80%A8b%C2%A0c",
		"https://h/{page}?a='b'&c|d":  "https://h/{page}?a='b'&c|d",
	} {
		if got := ircbus.Link(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// FuzzLink: a link has one of the schemes for everybody who reads it.
func FuzzLink(f *testing.F) {
	f.Add("javascript:alert(1)")
	f.Add("https://h/")
	f.Fuzz(func(t *testing.T, address string) {
		link := ircbus.Link(address)
		u, err := url.Parse(link)
		if link == "" || err != nil {
			return
		}
		if ircbus.Link(link) != link || strings.ContainsAny(link, " \"<>`\r\n\t") || !strings.Contains(" http https irc ircs mailto ", " "+u.Scheme+" ") {
			t.Errorf("%q is a link with the scheme %q", address, u.Scheme)
		}
	})
}
