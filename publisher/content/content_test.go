package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// packed is text as a writer of a coding makes it.
func packed(t testing.TB, text string, coder func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := coder(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zlibbed(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func deflated(w io.Writer) io.WriteCloser {
	f, _ := flate.NewWriter(w, flate.BestSpeed) // the level is one
	return f
}

func TestCaseC9(t *testing.T) {
	const limit = 1000
	one := packed(t, "text", gzipped)
	for _, test := range []struct {
		codings []string
		body    []byte
		want    string
	}{
		{nil, []byte("text"), "text"}, {[]string{"identity"}, []byte("text"), "text"}, {[]string{"gzip"}, one, "text"}, {[]string{" X-GZIP "}, one, "text"},
		{[]string{"deflate"}, packed(t, "text", zlibbed), "text"}, {[]string{"deflate"}, packed(t, "text", deflated), "text"},
		{[]string{"gzip, identity"}, one, "text"}, {[]string{"gzip", "gzip"}, packed(t, string(one), gzipped), "text"}, {[]string{"gzip"}, nil, ""},
		{[]string{"gzip"}, append(bytes.Clone(one), one...), "texttext"},
	} {
		if got, err := Inflate(test.codings, test.body, limit); err != nil || string(got) != test.want {
			t.Errorf("%q: %q, %v", test.codings, got, err)
		}
	}
	for _, test := range []struct {
		coding string
		body   []byte
		status int // 0 for a refusal: too large
	}{
		{"br", one, 415}, {"zstd", one, 415}, {"gzip,gzip,gzip", one, 415}, {"gzip", []byte("text"), 400}, {"gzip", one[:len(one)-5], 400}, {"deflate", []byte("\xff\xff"), 400},
		{"gzip", packed(t, strings.Repeat("x", limit+1), gzipped), 0},
	} {
		got, err := Inflate([]string{test.coding}, test.body, limit)
		known, _ := errors.AsType[*Error](err)
		refusal, _ := errors.AsType[*ircbus.Refusal](err)
		if got != nil || test.status == 0 && (refusal == nil || refusal.Code != ircbus.EventTooLarge) || test.status > 0 && (known == nil || known.Status != test.status) {
			t.Errorf("%s %.20q: %q, %v", test.coding, test.body, got, err)
		}
	}
}

func TestCaseC14(t *testing.T) {
	for _, test := range [][3]string{
		{"", "plain א", "plain א"}, {"", "\xef\xbb\xbfa", "a"}, {"", "\x80 \x93q\x94", "€ “q”"}, {"text/plain; charset=iso-8859-1", "\x93q\x94", "“q”"},
		{"application/json; charset=UTF-8", "א", "א"}, {"text/plain; charset=us-ascii", "א", "א"}, {"text/plain; charset=koi8-r", "\xc1", "а"},
		{"text/plain; charset=shift_jis", "\x83\x5c", "ソ"}, {"text/plain; charset=utf-16", "a\x00", "a"}, {"", "{\x00}\x00", "{}"}, {"", "\x00{\x00}", "{}"},
		{"text/plain; charset=latin1", "\xef\xbb\xbfא", "א"}, // a mark says more than a header
		{"application/x-www-form-urlencoded; charset=windows-1251", "a=%E0+b&c&%zz=", "a=%D0%B0+b&c&%zz="},
		{"text/xml; charset=windows-1252", `<?xml version="1.0" encoding="utf-8"?><a>` + "\x80</a>", "<a>€</a>"},
		{"text/xml", `<?xml version="1.0" encoding="windows-1252"?><a>` + "\x80</a>", `<?xml version="1.0" encoding="windows-1252"?><a>` + "\x80</a>"},
	} {
		if got, err := Text(test[0], []byte(test[1])); err != nil || string(got) != test[2] {
			t.Errorf("%s %q: %q, %v; want %q", test[0], test[1], got, err, test[2])
		}
	}
	if got, err := Text("text/plain; charset=klingon", []byte("a")); err == nil || got != nil {
		t.Errorf("%q", got)
	}
	r, err := XMLReader("UTF-16", strings.NewReader("a"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(WithoutBOM(r)); err != nil || string(got) != "a" {
		t.Errorf("%q, %v", got, err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("text/plain; charset=shift_jis", []byte("\x83\x5c"))
	f.Add("", []byte("\xff\xfea\x00"))
	f.Add("application/x-www-form-urlencoded; charset=utf-7", []byte("a=%zz"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		got, err := Text(contentType, body)
		if err == nil && !bytes.Contains(got, []byte("<?xml")) && !HasCharset(contentType) && !bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) && !utf8.Valid(got) {
			t.Errorf("%q: %q", body, got)
		}
		Decode(contentType, body) // a name of any charset: it does not panic
	})
}

func FuzzInflate(f *testing.F) {
	f.Add("gzip", packed(f, "text", gzipped))
	f.Add("deflate", packed(f, "text", deflated))
	f.Fuzz(func(t *testing.T, coding string, body []byte) {
		if got, err := Inflate([]string{coding}, body, 1000); err == nil && len(got) > max(1000, len(body)) {
			t.Errorf("%d bytes", len(got))
		}
	})
}
