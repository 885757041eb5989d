package ircbus

import (
	"fmt"
	"strconv"
	"strings"
)

// MinPart is the smallest limit, in bytes, that Pack can work with: the head of
// a part, the longest key, and room for some of its value.
const MinPart = 160

// Pack writes an event's fields as the texts of packed lines, none longer than
// max bytes: one text "id=123&…" if it fits, else parts "id=123&part=1/3&…",
// each a complete query string. Values are split between characters only.
// (docs/protocol.md, "A packed line".) It panics if max is less than MinPart.
func Pack(id ID, f Fields, max int) []string {
	head := "id=" + strconv.FormatUint(uint64(id), 10)
	if whole := head + "&" + f.Encode(); len(whole) <= max {
		return []string{whole}
	}
	return split(head, f, max)
}

// PackKeyed writes fields as a publisher sends them: one text if it fits into
// max bytes, else parts with a common key, which f must then have (at most
// MaxKeyLen bytes long when encoded). The parts join to f.Canonical().
// The error is a *Refusal.
func PackKeyed(f Fields, max int) ([]string, error) {
	f = f.Canonical()
	if whole := f.Encode(); len(whole) <= max {
		return []string{whole}, nil
	}
	n := len(f) - 1
	if n < 1 || f[n].Key != "key" {
		return nil, Refuse(InvalidEvent, "an event longer than a line needs a field \"key\"")
	}
	head := f[n:].Encode()
	if len(head) > len("key=")+MaxKeyLen {
		return nil, Refuse(InvalidEvent, "the field \"key\" of an event longer than a line may have at most %d bytes", MaxKeyLen)
	}
	return split(head, f[:n], max), nil
}

// split lays the fields out over parts. The width of the numbers in part=i/n
// depends on how many there are, so it tries one digit, then two, and so on.
func split(head string, f Fields, max int) []string {
	if max < MinPart {
		panic(fmt.Sprintf("ircbus: parts of %d bytes, at least %d are needed", max, MinPart))
	}
	for digits := 1; ; digits++ {
		room := max - len(head) - len("&part=/&") - 2*digits
		bodies := layOut(f, room)
		if n := strconv.Itoa(len(bodies)); len(n) <= digits {
			for i, body := range bodies {
				bodies[i] = head + "&part=" + strconv.Itoa(i+1) + "/" + n + "&" + body
			}
			return bodies
		}
	}
}

// layOut fills bodies of at most room bytes, one after the other.
func layOut(f Fields, room int) []string {
	var bodies []string
	var body []byte
	flush := func() {
		if len(body) > 0 {
			bodies = append(bodies, string(body))
			body = body[:0]
		}
	}
	for _, field := range f {
		key, value := field.Key, field.Value
		for more := true; more; {
			start := len(body)
			if start > 0 {
				body = append(body, '&')
			}
			body = append(body, key...)
			body = append(body, '=')
			var n int
			body, n = appendFitting(body, value, room)
			if len(body) > room || n == 0 && value != "" {
				body = body[:start] // not even one character: try again in a part of its own
				flush()
				continue
			}
			if n > 0 && !strings.HasSuffix(key, "~") {
				key += "~"
			}
			value = value[n:]
			if more = value != ""; more {
				flush()
			}
		}
	}
	flush()
	return bodies
}

// appendFitting appends escaped characters of s while dst stays within room
// bytes, and returns how many bytes of s it took.
func appendFitting(dst []byte, s string, room int) (_ []byte, n int) {
	for n < len(s) {
		size := max(escapeWidth(s[n:], false), 1)
		end := len(dst)
		dst = appendEscaped(dst, s[n:n+size], false)
		if len(dst) > room {
			return dst[:end], n
		}
		n += size
	}
	return dst, n
}

// Packed is one packed line taken apart.
type Packed struct {
	ID       ID  // 0 on a line from a publisher
	Part, Of int // 0, 0 if the line is a whole event
	Fields   Fields
}

// ParsePacked reads the text of a packed line, whole or a part. The error is a
// *Refusal.
func ParsePacked(text string) (Packed, error) {
	fields, err := parse(text, true)
	if err != nil {
		return Packed{}, err
	}
	var p Packed
	rest := fields[:0]
	for _, field := range fields {
		switch {
		case field.Key == "id":
			id, err := strconv.ParseUint(field.Value, 10, 64)
			if err != nil || id == 0 || p.ID != 0 {
				return Packed{}, Refuse(InvalidEvent, "id=%s is not one event's id", clip(field.Value))
			}
			p.ID = ID(id)
		case field.Key == "part":
			if p.Part != 0 || !p.setPart(field.Value) {
				return Packed{}, Refuse(InvalidEvent, "part=%s is not of the form 1/3", clip(field.Value))
			}
		default:
			rest = append(rest, field)
		}
	}
	p.Fields = rest
	if p.Part == 0 {
		for _, field := range rest {
			if strings.HasSuffix(field.Key, "~") {
				return Packed{}, Refuse(InvalidEvent, "the field %q is only meant for parts", field.Key)
			}
		}
	}
	return p, nil
}

// maxParts bounds n in part=i/n: far above what the largest event needs.
const maxParts = 9999

func (p *Packed) setPart(value string) bool {
	part, of, ok := strings.Cut(value, "/")
	i, err1 := strconv.ParseUint(part, 10, 16)
	n, err2 := strconv.ParseUint(of, 10, 16)
	if !ok || err1 != nil || err2 != nil || i < 1 || i > n || n > maxParts {
		return false
	}
	p.Part, p.Of = int(i), int(n)
	return true
}

// Joiner puts the parts of long events together again. Parts of one event come
// in order and without another event of the same channel in between, so one
// Joiner serves one channel. The zero value is ready.
type Joiner struct {
	// MaxBody limits, in bytes, what is collected; 0 means MaxBody.
	MaxBody int

	pending Fields
	id      ID
	key     string // the common key of a publisher's parts
	next    int    // the part that must come next; 0 if none is pending
	of      int
	size    int
}

// Pending reports whether the last event is still incomplete.
func (j *Joiner) Pending() bool { return j.next != 0 }

// Add takes the next line. done is true when f is a whole event. An error, a
// *Refusal, says that what was collected so far has been dropped; if the line
// itself starts another event, that one is not affected.
func (j *Joiner) Add(p Packed) (f Fields, done bool, err error) {
	if j.next != 0 && (p.Part != j.next || p.Of != j.of || p.ID != j.id || p.Fields.Get("key") != j.key && j.id == 0) {
		err = Refuse(InvalidEvent, "part %d/%d of the event before did not come", j.next, j.of)
		j.drop()
	}
	if p.Part == 0 {
		return p.Fields, true, err
	}
	if p.Part == 1 {
		j.id, j.of, j.next = p.ID, p.Of, 1
		if p.ID == 0 {
			if j.key = p.Fields.Get("key"); j.key == "" {
				j.drop()
				return nil, false, Refuse(InvalidEvent, "part=1/%d without the field \"key\" that its parts must share", p.Of)
			}
		}
	} else if j.next == 0 {
		if err == nil {
			err = Refuse(InvalidEvent, "part %d/%d came without the parts before it", p.Part, p.Of)
		}
		return nil, false, err
	}
	if err := j.append(p); err != nil {
		j.drop()
		return nil, false, err
	}
	if j.next < j.of {
		j.next++
		return nil, false, err
	}
	f = j.pending
	if j.id == 0 {
		f = append(f, Field{"key", j.key})
	}
	j.drop()
	return f, true, err
}

func (j *Joiner) drop() { *j = Joiner{MaxBody: j.MaxBody} }

// append adds one part's fields: key~ goes on where the last value of key ended.
func (j *Joiner) append(p Packed) error {
	limit := j.MaxBody
	if limit == 0 {
		limit = MaxBody
	}
	for _, field := range p.Fields {
		if field.Key == "key" && j.id == 0 {
			continue // the parts' common head
		}
		j.size += len(field.Key) + len(field.Value) + 1
		if j.size > limit {
			return Refuse(EventTooLarge, "the event's parts have more than %d bytes", limit)
		}
		key, goesOn := strings.CutSuffix(field.Key, "~")
		if !goesOn {
			if len(j.pending) == MaxFields {
				return Refuse(EventTooLarge, "the event has more than %d fields", MaxFields)
			}
			j.pending = append(j.pending, field)
			continue
		}
		last := len(j.pending) - 1
		for last >= 0 && j.pending[last].Key != key {
			last--
		}
		if last < 0 {
			return Refuse(InvalidEvent, "%q goes on in part %d but never began", key, p.Part)
		}
		j.pending[last].Value += field.Value
	}
	return nil
}
