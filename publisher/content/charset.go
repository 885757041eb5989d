package content

import (
	"bytes"
	"io"
	"mime"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/ircbus/ircbus"
)

const formType = "application/x-www-form-urlencoded"

// Text makes UTF-8 of an inflated body by, in this order, its byte order mark, the
// charset of its Content-Type, the XML declaration, and what the bytes are: what is
// no UTF-8 is windows-1252 byte by byte, as ircbus.ToUTF8 reads it. The names
// of charsets are those of browsers, to which Latin-1 is windows-1252. The
// declaration of XML that has become UTF-8 is left out. A charset that nobody knows
// is an *Error with 415.
func Text(contentType string, body []byte) ([]byte, error) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	charset := parameters["charset"]
	if err != nil || charset == "" {
		body = marked(body)
	}
	switch {
	case ircbus.HasBOM(body):
		return withoutDeclaration(ircbus.TrimBOM(body)), nil
	case err == nil && charset != "" && !isUTF8(charset):
		if mediaType == formType {
			return formText(charset, body)
		}
		text, err := Decode(charset, body)
		return withoutDeclaration(text), err
	case utf8.Valid(body):
		return body, nil
	case declares(body):
		return body, nil // its reader asks XMLReader
	}
	return []byte(ircbus.ToUTF8(string(body))), nil
}

// declaration is that of XML which names a charset.
var declaration = regexp.MustCompile(`^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']`)

// declares reports whether XML names a charset other than UTF-8, which what is no
// UTF-8 can have.
func declares(body []byte) bool {
	m := declaration.FindSubmatch(body)
	return m != nil && !isUTF8(string(m[1]))
}

// marked puts a byte order mark before UTF-16 that has none: JSON and XML begin with
// an ASCII character (RFC 4627, section 3; XML 1.0, appendix F).
func marked(text []byte) []byte {
	switch {
	case len(text) < 4 || len(text)%2 != 0:
	case text[0] == 0 && text[2] == 0 && text[1] != 0 && text[3] != 0:
		return append([]byte("\xfe\xff"), text...)
	case text[1] == 0 && text[3] == 0 && text[0] != 0 && text[2] != 0:
		return append([]byte("\xff\xfe"), text...)
	}
	return text
}

// HasCharset reports whether a Content-Type names another charset than UTF-8.
func HasCharset(contentType string) bool {
	_, parameters, err := mime.ParseMediaType(contentType)
	return err == nil && parameters["charset"] != "" && !isUTF8(parameters["charset"])
}

func isUTF8(charset string) bool {
	charset = strings.ToLower(strings.TrimSpace(charset))
	return charset == "utf-8" || charset == "utf8"
}

// Decode makes UTF-8 of a text in a charset. The error is an *Error.
func Decode(charset string, text []byte) ([]byte, error) {
	known, err := find(charset)
	if err != nil {
		return nil, err
	}
	if isASCII(charset) && utf8.Valid(text) { // UTF-8 is what most programs call so that have never met another letter
		return text, nil
	}
	plain, err := known.NewDecoder().Bytes(text)
	if err != nil {
		return nil, unsupported("the text is not in the charset %.40q", charset)
	}
	return plain, nil
}

// XMLReader is Reader for an xml.Decoder: a declaration that could be read is not in
// UTF-16, whatever it says.
func XMLReader(charset string, r io.Reader) (io.Reader, error) {
	if strings.HasPrefix(strings.ToLower(charset), "utf-16") {
		return r, nil
	}
	return Reader(charset, r)
}

// Reader makes UTF-8 of what r has in a charset.
func Reader(charset string, r io.Reader) (io.Reader, error) {
	if isUTF8(charset) {
		return r, nil
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text, err = Decode(charset, text)
	return bytes.NewReader(text), err
}

func isASCII(charset string) bool {
	charset = strings.ToLower(strings.TrimSpace(charset))
	return charset == "us-ascii" || charset == "ascii"
}

// find is a charset by any of its names (encoding.spec.whatwg.org, 4.2), else as IANA has it.
func find(charset string) (encoding.Encoding, error) {
	if known, err := htmlindex.Get(charset); err == nil && known != encoding.Replacement {
		return known, nil
	}
	if known, err := ianaindex.MIME.Encoding(charset); err == nil && known != nil { // such as cp437
		return known, nil
	}
	return nil, unsupported("the charset %.40q is not known; use UTF-8", charset)
}

// formText makes UTF-8 of a form whose escaped bytes are of another charset.
func formText(charset string, form []byte) ([]byte, error) {
	var out strings.Builder
	for i, pair := range strings.Split(string(form), "&") {
		if i > 0 {
			out.WriteByte('&')
		}
		name, value, hasValue := strings.Cut(pair, "=")
		for j, part := range []string{name, value} {
			if j == 1 && hasValue {
				out.WriteByte('=')
			}
			plain, err := url.QueryUnescape(part)
			if err != nil { // whoever reads the form says what is wrong
				out.WriteString(part)
				continue
			}
			text, err := Decode(charset, []byte(plain))
			if err != nil {
				return nil, err
			}
			out.WriteString(url.QueryEscape(string(text)))
		}
	}
	return []byte(out.String()), nil
}

// withoutDeclaration leaves out an XML declaration, which names a charset that the
// text no longer has.
func withoutDeclaration(text []byte) []byte {
	rest := bytes.TrimLeft(text, " \t\r\n")
	if !bytes.HasPrefix(rest, []byte("<?xml")) {
		return text
	}
	if _, after, found := bytes.Cut(rest, []byte("?>")); found {
		return after
	}
	return text
}

// WithoutBOM is ircbus.TrimBOM for what is read bit by bit.
func WithoutBOM(r io.Reader) io.Reader {
	return transform.NewReader(r, unicode.BOMOverride(transform.Nop))
}
