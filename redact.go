package ircbus

import (
	"slices"
	"strconv"
	"strings"
)

// Redacted is the action of a tombstone: the event that tells followers that an
// earlier one, or some of its fields, have been removed from the bus
// (docs/protocol.md, "Redaction").
const Redacted = "REDACT"

// MaxReason is the longest reason of a redaction, in bytes.
const MaxReason = 300

// Redaction is the removal of an event, or of some of its fields, from the log
// and from every later answer.
type Redaction struct {
	Target ID       // the event
	Names  []string // of the fields that are removed; none means the whole event
	By     string   // the account that removes it
	Reason string   // for people; may be empty

	// What a log checks when it is asked for the redaction. A tombstone does not
	// tell it.
	Operator bool   // By may redact everybody's events, not just its own
	Channel  string // where the event must be; "" is anywhere
}

// Tombstone returns the fields of the event that tells of the redaction.
func (r Redaction) Tombstone() Fields {
	f := Fields{{"action", Redacted}, {"user", r.By}, {"target", strconv.FormatUint(uint64(r.Target), 10)}}
	if len(r.Names) > 0 {
		f = append(f, Field{"fields", strings.Join(r.Names, ",")})
	}
	if r.Reason != "" {
		f = append(f, Field{"reason", ToUTF8(r.Reason)})
	}
	return f
}

// String is the redaction in words: "redacted event 118 (comment): spam".
func (r Redaction) String() string {
	text := "redacted event " + strconv.FormatUint(uint64(r.Target), 10)
	if len(r.Names) > 0 {
		text += " (" + strings.Join(r.Names, ", ") + ")"
	}
	if r.Reason != "" {
		text += ": " + r.Reason
	}
	return text
}

// Redacts reports whether the event is a tombstone, and what it says. Whoever
// keeps events applies it: drop the event Target, or its fields Names.
func (e *Event) Redacts() (r Redaction, ok bool) { return e.Fields.Redacts() }

// Redacts is Event.Redacts for the event's fields.
func (f Fields) Redacts() (r Redaction, ok bool) {
	if f.Get("action") != Redacted {
		return Redaction{}, false
	}
	id, err := strconv.ParseUint(f.Get("target"), 10, 63)
	if err != nil || id == 0 {
		return Redaction{}, false
	}
	r = Redaction{Target: ID(id), By: f.Get("user"), Reason: f.Get("reason")}
	if names := f.Get("fields"); names != "" {
		r.Names = strings.Split(names, ",")
	}
	return r, true
}

// Without returns the fields but those with the given names; nothing is left if
// there are no names. f itself is not changed.
func (f Fields) Without(names ...string) Fields {
	if len(names) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f), func(field Field) bool { return slices.Contains(names, field.Key) })
}

// Check refuses a redaction that cannot be told of, whatever its target. The
// error is a *Refusal.
func (r Redaction) Check() error {
	if r.Target == 0 {
		return Refuse(InvalidEvent, "an event to redact is named by its id, a whole number like 123")
	}
	if len(r.Reason) > MaxReason {
		return Refuse(EventTooLarge, "the reason has %d bytes, the limit is %d", len(r.Reason), MaxReason)
	}
	if len(r.Names) > MaxFields {
		return Refuse(EventTooLarge, "%d fields are named, the limit is %d", len(r.Names), MaxFields)
	}
	for _, name := range r.Names {
		if err := checkKey(name); err != nil {
			return err
		}
	}
	return nil
}
