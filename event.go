// Package ircbus holds the words that every part of the bus shares: events and
// their fields, the query-string form in which they travel, the parts of lines
// that are too long for IRC, filters, and the names of channels and views.
//
// It uses the standard library only. The wire contract it implements is
// described in docs/protocol.md.
package ircbus

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of one event (docs/protocol.md, "Events").
const (
	MaxKeyLen = 64       // bytes of a field's key
	MaxFields = 64       // fields of one event
	MaxBody   = 16 << 10 // default limit, in bytes, of an event's canonical form
)

// ID is an event's place in the log: increasing over the whole bus, never
// reused, with gaps allowed. An ID also serves as a cursor, meaning "everything
// up to here I have"; 0 is before the first event.
type ID uint64

// Field is one key and value of an event. Both are UTF-8.
type Field struct {
	Key, Value string
}

// Fields is the ordered content of an event. Keys may repeat.
type Fields []Field

// NewFields makes fields of keys and values that follow one another, as in
// NewFields("page", "FrontPage", "action", "SAVE"). It panics if a value is missing.
func NewFields(keysAndValues ...string) Fields {
	if len(keysAndValues)%2 != 0 {
		panic("ircbus.NewFields: the last key has no value")
	}
	f := make(Fields, 0, len(keysAndValues)/2)
	for pair := range slices.Chunk(keysAndValues, 2) {
		f = append(f, Field{Key: pair[0], Value: pair[1]})
	}
	return f
}

// Get returns the first value of key, or "" if the event lacks it.
func (f Fields) Get(key string) string {
	for _, field := range f {
		if field.Key == key {
			return field.Value
		}
	}
	return ""
}

// Has reports whether key occurs at all.
func (f Fields) Has(key string) bool {
	for i := range f {
		if f[i].Key == key {
			return true
		}
	}
	return false
}

// Values yields every value of key, in order.
func (f Fields) Values(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, field := range f {
			if field.Key == key && !yield(field.Value) {
				return
			}
		}
	}
}

// Event is what a publisher publishes. ID, At and, until the bus has accepted
// it, both are zero.
type Event struct {
	ID        ID
	At        time.Time // acceptance, UTC, whole microseconds; never decreasing with ID
	Channel   string    // the packed channel, as "#moinmaster"
	Publisher string    // the account that published it
	Fields    Fields
}

// Receipt is the log's answer to an appended event: where it is stored.
type Receipt struct {
	ID        ID
	At        time.Time // acceptance of the stored event, UTC
	Duplicate bool      // an event of this publisher with the same key was there before; ID and At are its
}

// TimeLayout is how the bus writes times: RFC 3339, UTC, microseconds.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// FormatTime writes t in TimeLayout.
func FormatTime(t time.Time) string { return string(AppendTime(make([]byte, 0, len(TimeLayout)), t)) }

// AppendTime appends what FormatTime returns to dst.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.AppendFormat(dst, TimeLayout)
	}
	hour, minute, second := t.Clock()
	dst = appendPadded(dst, year, 1000)
	dst = appendPadded(append(dst, '-'), int(month), 10)
	dst = appendPadded(append(dst, '-'), day, 10)
	dst = appendPadded(append(dst, 'T'), hour, 10)
	dst = appendPadded(append(dst, ':'), minute, 10)
	dst = appendPadded(append(dst, ':'), second, 10)
	dst = appendPadded(append(dst, '.'), t.Nanosecond()/1000, 100_000)
	return append(dst, 'Z')
}

// appendPadded appends n with leading zeros; unit is the value of its first digit.
func appendPadded(dst []byte, n, unit int) []byte {
	for ; unit > 0; unit /= 10 {
		dst = append(dst, '0'+byte(n/unit%10))
	}
	return dst
}

// Code says why an event was refused. The values are those of the IRC FAIL
// replies (docs/protocol.md, "Publishing over IRC").
type Code string

// The reasons for a refusal.
const (
	InvalidEvent     Code = "INVALID_EVENT"
	EventTooLarge    Code = "EVENT_TOO_LARGE"
	RateLimited      Code = "RATE_LIMITED"
	StoreUnavailable Code = "STORE_UNAVAILABLE" // try again
	NotPublisher     Code = "NOT_PUBLISHER"
	NoSuchEvent      Code = "NO_SUCH_EVENT" // to be redacted
)

// Refusal is the error for an event that was not stored and never will be by
// itself. Every door turns it into its own protocol's answer.
type Refusal struct {
	Code   Code
	Reason string // a sentence for the publisher, naming what is wrong
}

func (r *Refusal) Error() string { return r.Reason }

// Refuse makes a Refusal with a formatted reason.
func Refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// ranks is how many ranks there are. The fields that tell the most in the least
// space come first in the canonical order, so that the first part of a long
// event carries them.
const ranks = 7

// rank orders keys: the leading ones, then everything else as it came, then key.
func rank(key string) int {
	switch key {
	case "wiki":
		return 0
	case "page":
		return 1
	case "action":
		return 2
	case "user":
		return 3
	case "time":
		return 4
	case "key":
		return ranks - 1
	}
	return ranks - 2
}

// Canonical returns the fields in the bus's order: wiki, page, action, user,
// time, then the others in the publisher's order, and key last. Repeated keys
// keep their order. f itself is not changed.
func (f Fields) Canonical() Fields {
	sorted := make(Fields, 0, len(f)+1)
	if f.isCanonical() {
		return append(sorted, f...)
	}
	for r := range ranks {
		for _, field := range f {
			if rank(field.Key) == r {
				sorted = append(sorted, field)
			}
		}
	}
	return sorted
}

// WithTime returns the fields in canonical order, with this "time" unless they
// have one. f itself is not changed.
func (f Fields) WithTime(value string) Fields {
	sorted := f.Canonical()
	if f.Has("time") {
		return sorted
	}
	i := 0
	for i < len(sorted) && rank(sorted[i].Key) < rank("time") {
		i++
	}
	return slices.Insert(sorted, i, Field{Key: "time", Value: value})
}

func (f Fields) isCanonical() bool {
	last := 0
	for _, field := range f {
		r := rank(field.Key)
		if r < last {
			return false
		}
		last = r
	}
	return true
}

// Accept checks what a publisher wants to publish and returns it as the bus
// stores it: valid UTF-8, in canonical order. maxBody limits the canonical form
// in bytes; 0 means MaxBody. The error is always a *Refusal.
func Accept(f Fields, maxBody int) (Fields, error) {
	if maxBody == 0 {
		maxBody = MaxBody
	}
	if len(f) == 0 {
		return nil, Refuse(InvalidEvent, "the event has no fields")
	}
	if len(f) > MaxFields {
		return nil, Refuse(EventTooLarge, "the event has %d fields, the limit is %d", len(f), MaxFields)
	}
	keys := 0
	for _, field := range f {
		switch {
		case field.Key == "id" || field.Key == "part":
			return nil, Refuse(InvalidEvent, "the field %q is reserved for the bus", field.Key)
		case field.Key == "key":
			keys++
		}
		if err := checkKey(field.Key); err != nil {
			return nil, err
		}
	}
	if keys > 1 {
		return nil, Refuse(InvalidEvent, "the field \"key\" occurs %d times", keys)
	}
	if r, ok := f.Redacts(); ok {
		return nil, Refuse(InvalidEvent, "a redaction is not published but asked for: redact the event %d", r.Target)
	}
	accepted := f.Canonical()
	for i := range accepted {
		accepted[i].Value = ToUTF8(accepted[i].Value)
	}
	if keys == 1 && accepted.Get("key") == "" {
		return nil, Refuse(InvalidEvent, "the field \"key\" is empty")
	}
	if n := accepted.encodedLen(); n > maxBody {
		return nil, Refuse(EventTooLarge, "the event has %d bytes, the limit is %d", n, maxBody)
	}
	return accepted, nil
}

// checkKey enforces docs/protocol.md, "Keys": 1–64 bytes of A-Z a-z 0-9 _ . : -
func checkKey(key string) error {
	if isKey(key) {
		return nil
	}
	if key == "" {
		return Refuse(InvalidEvent, "a field has no name")
	}
	if len(key) > MaxKeyLen {
		return Refuse(InvalidEvent, "the field name %.20q… has %d bytes, the limit is %d", key, len(key), MaxKeyLen)
	}
	return Refuse(InvalidEvent, "the field name %q may only have A-Z a-z 0-9 _ . : -", key)
}

// keyBytes are those that a key may have.
var keyBytes = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-") {
		table[c] = true
	}
	return table
}()

func isKey(key string) bool {
	for i := range len(key) {
		if !keyBytes[key[i]] {
			return false
		}
	}
	return 0 < len(key) && len(key) <= MaxKeyLen
}

// windows1252 are the characters of the bytes 128–159 as browsers read Latin-1
// (encoding.spec.whatwg.org, index windows-1252).
var windows1252 = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8D, 'Ž', 0x8F,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9D, 'ž', 'Ÿ',
}

// ToUTF8 returns s with every byte that is not part of valid UTF-8 taken as
// windows-1252, which is Latin-1 with typographic characters instead of control
// characters (docs/protocol.md, "Reading").
func ToUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			if r = rune(s[0]); 0x80 <= r && r < 0xA0 {
				r = windows1252[r-0x80]
			}
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String()
}
