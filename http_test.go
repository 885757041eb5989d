package ircbus_test

import (
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

// TestCaseA2RequestLine: what browsers begin with is told from what begins a line
// of another protocol, as early as that is possible.
func TestCaseA2RequestLine(t *testing.T) {
	long := strings.Repeat("a", 70_000)
	for begin, want := range map[string]string{
		"POST / HTTP/1.1\r\nHost: x\r\n": "is", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": "is", "M-SEARCH * HTTP/1.1\r\n": "is", "post / HTTP/1.1\r\n": "is",
		"\x16\x03\x01\x02\x00\x01": "is", "\x16": "is", "\x00\x01\x00\x00\x21\x12\xa4\x42": "is", "\x00\x14\x00\x01\x00\x00\x21\x12\xa4\x42": "is",
		"\x00": "maybe", "\x00\x01\x00\x00\x21": "maybe", "\x00<13>hello\x00": "no", "\x00\x00\x00\x00\x00\x00\x00\x21\x12\xa4\x42": "no", "\x02bold\x02 words\n": "no",
		"GET /a?b HTTP/1.0\n": "is", "OPTIONS * HTTP/1.1\r\n": "is", "PROPPATCH http://h/ HTTP/1.1\r\n": "is",
		"POST /" + long: "is", "POST /" + long + " HTTP/1.1\r\n": "is", "PUT /%D7%A9 HTTP/1.1\r\n": "is",
		"": "maybe", "P": "maybe", "POST": "maybe", "POST ": "maybe", "POST /": "maybe", "POST / H": "maybe", "POST / HTTP/1.1": "maybe", "POST / HTTP/1.1\r": "maybe",
		"NICK alice": "maybe", "NICK alice\r\n": "no", "USER a 0": "no", "<13>GET / HTTP/1.1\r\n": "no", "{": "no", ".\n": "no", "LHLO host\r\n": "no",
		"GO / HTTP/1.1\r\n": "no", "ABCDEFGHIJKLMNOPQRSTU / HTTP/1.1\r\n": "no", "POST  / HTTP/1.1\r\n": "no", "POST / HTTP/1.1 \r\n": "no",
		"POST / HTTP/x": "no", "POST / HTTP/1.1\r\r\n": "no", "ERROR " + long: "no", long: "no", " POST / HTTP/1.1\r\n": "no",
	} {
		is, maybe := ircbus.FromPage([]byte(begin))
		if is != (want == "is") || maybe != (want == "maybe") {
			t.Errorf("%.40q: %v, %v; want %s", begin, is, maybe, want)
		}
	}
}

// FuzzFromPage: once it is told what the beginning is, more of it changes nothing.
func FuzzFromPage(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\n\r\n"))
	f.Add([]byte("NICK alice\r\n"))
	f.Add([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42"))
	f.Fuzz(func(t *testing.T, all []byte) {
		told, answer := false, false
		for n := range len(all) + 1 {
			is, maybe := ircbus.FromPage(all[:n])
			if told && (maybe || is != answer) || is && maybe {
				t.Fatalf("%q: %v, %v after %v", all[:n], is, maybe, answer)
			}
			told, answer = !maybe, is
		}
	})
}
