package mapping

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ircbus/ircbus"
)

// told is room for the fields "omitted" and "cut", in bytes.
const told = 300

// Fit returns the event's fields within the bus's limits; maxBody is that of the
// canonical form in bytes, 0 means ircbus.MaxBody. If there is too much, first the
// longest of Rest are left out, and the field "omitted" counts them; then the
// longest values are shortened, and the field "cut" names them. The same event is
// always fitted in the same way.
func (e *Event) Fit(maxBody int) ircbus.Fields {
	if maxBody == 0 {
		maxBody = ircbus.MaxBody
	}
	rest, omitted := slices.Clone(e.Rest), 0
	size := encoded(e.Fields) + encoded(rest)
	for len(rest) > 0 && (size > maxBody-told || len(e.Fields)+len(rest) > ircbus.MaxFields-2) {
		longest := 0
		for i, field := range rest {
			if len(field.Value) >= len(rest[longest].Value) { // of equals the last
				longest = i
			}
		}
		size -= encoded(rest[longest : longest+1])
		rest = slices.Delete(rest, longest, longest+1)
		omitted++
	}
	fields := append(slices.Clone(e.Fields), rest...)
	cut := shorten(fields, size-(maxBody-told))
	if omitted > 0 {
		fields = append(fields, ircbus.Field{Key: "omitted", Value: strconv.Itoa(omitted)})
	}
	if len(cut) > 0 {
		fields = append(fields, ircbus.Field{Key: "cut", Value: strings.Join(cut, ",")})
	}
	return fields
}

// encoded is what the fields take in a longer event's canonical form, in bytes.
func encoded(fields ircbus.Fields) int {
	if len(fields) == 0 {
		return 0
	}
	return len(fields.Encode()) + 1
}

// shortest is what is left of a value at least, in bytes.
const shortest = 64

// shorten takes excess bytes from the longest values and returns their keys.
func shorten(fields ircbus.Fields, excess int) (cut []string) {
	for excess > 0 {
		longest := 0
		for i, field := range fields {
			if len(field.Value) > len(fields[longest].Value) {
				longest = i
			}
		}
		field := &fields[longest]
		if len(field.Value) <= shortest {
			return cut // it cannot fit; the bus will refuse it
		}
		before := encoded(fields[longest : longest+1])
		field.Value = truncate(field.Value, excess)
		excess -= before - encoded(fields[longest:longest+1])
		cut = append(cut, field.Key)
	}
	return cut
}

const ellipsis = "…"

// truncate cuts a value between characters so that its canonical form loses at
// least excess bytes, if it is long enough, and marks where.
func truncate(value string, excess int) string {
	length := func(v string) int { return len(ircbus.Fields{{Value: v}}.Encode()) }
	room := length(value) - excess - len(ellipsis)
	n := sort.Search(len(value), func(n int) bool { return length(value[:n]) > room }) - 1
	n = max(n, shortest-len(ellipsis))
	for n > 0 && !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n] + ellipsis
}
