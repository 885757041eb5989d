// Package mapping has what doors share when they turn what a foreign program
// said into an event: its JSON as a flat list, its names as keys of the bus, keys
// that tell repeats, a line for people, and the fit into the bus's limits.
//
// A door puts what the vocabulary of docs/protocol.md has a name for into the
// event's Fields, and everything else under the source's own names into Rest.
package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ircbus/ircbus"
)

// Event is an event in the making.
type Event struct {
	Fields  ircbus.Fields // with the bus's names; shortened only if all else does not help
	Rest    ircbus.Fields // under the source's own names; left out first if there is too much
	Omitted int           // values that have been left out before
}

// Add appends a field of the bus's vocabulary, unless the value is empty.
func (e *Event) Add(key, value string) {
	if value != "" {
		e.Fields = append(e.Fields, ircbus.Field{Key: key, Value: value})
	}
}

// Keep appends a field under the source's own name, unless the value is empty.
func (e *Event) Keep(name, value string) {
	if value != "" {
		e.Rest = append(e.Rest, ircbus.Field{Key: Name(name), Value: value})
	}
}

// KeepAll keeps every field whose name is not among those.
func (e *Event) KeepAll(raw ircbus.Fields, but ...string) {
	e.keepAll(raw, func(field ircbus.Field) bool { return slices.Contains(but, field.Key) })
}

// KeepFlat keeps what foreign JSON said, but under the mapped names only values that
// none of the event's Fields has: what was of another type than the door expects is
// not lost.
func (e *Event) KeepFlat(raw Flat, mapped ...string) {
	said := make(map[string]bool, len(e.Fields))
	for _, field := range e.Fields {
		said[field.Value] = true
	}
	e.keepAll(raw.Fields, func(field ircbus.Field) bool { return said[field.Value] && slices.Contains(mapped, field.Key) })
	e.Omitted += raw.Omitted
}

// keepAll keeps the fields but some. Empty values are kept where they hold a place
// in a list.
func (e *Event) keepAll(raw ircbus.Fields, but func(ircbus.Field) bool) {
	count := make(map[string]int, len(raw))
	for _, field := range raw {
		count[field.Key]++
	}
	for _, field := range raw {
		switch {
		case but(field):
		case field.Value == "" && count[field.Key] > 1:
			e.Rest = append(e.Rest, ircbus.Field{Key: Name(field.Key)})
		default:
			e.Keep(field.Key, field.Value)
		}
	}
}

// taken are the keys to which the bus gives a meaning of its own.
var taken = map[string]bool{
	"": true, "id": true, "part": true, "key": true, "omitted": true, "cut": true, "channel": true, "publisher": true,
	"wiki": true, "page": true, "action": true, "user": true, "time": true, "comment": true, "rev": true, "oldrev": true,
	"size": true, "oldsize": true, "url": true, "diff": true, "history": true, "ns": true, "minor": true, "bot": true, "text": true,
}

// Name makes a key of the bus of any name of the source: other characters than
// a key may have become "_", and a name that means something on the bus gets a "_"
// at its end.
func Name(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_.:-", r) {
			return r
		}
		return '_'
	}, name)
	if taken[name] {
		name += "_"
	}
	return name[:min(len(name), ircbus.MaxKeyLen)]
}

// Key makes one value for the field "key" of what identifies an event at its
// source: the parts as they are if that is short, else a hash.
func Key(parts ...string) string {
	joined := strings.Join(parts, " ")
	if len(ircbus.Fields{{Value: joined}}.Encode()) <= ircbus.MaxKeyLen && strings.Count(joined, " ") == len(parts)-1 && strings.Trim(joined, " ") != "" {
		return joined
	}
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s,", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil)[:20])
}
