package readable

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ircbus/ircbus"
)

// describe chooses what the plain and the coloured style show.
func describe(e *ircbus.Event) values {
	f := e.Fields
	if text := clean(f.Get("text")); text != "" {
		return values{"text": text}
	}
	v := values{
		"page":       clean(heading(f)),
		"action":     clean(f.Get("action")),
		"user":       clean(f.Get("user")),
		"state":      state(f),
		"size":       sizeChange(f),
		"insertions": linesChanged("+", f, "insertions"),
		"deletions":  linesChanged("-", f, "deletions"),
		"flags":      flags(f),
		"comment":    clean(comment(f)),
		"url":        clean(firstLink(f, "diff", "url")),
	}
	if v["page"] == "" && v["action"] == "" && v["user"] == "" && v["comment"] == "" {
		v["text"] = listing(f)
	}
	return v
}

// comment returns what happened in the publisher's words. MediaWiki says it,
// comment included, in a sentence with HTML in it.
func comment(f ircbus.Fields) string {
	if sentence := f.Get("log_action_comment"); sentence != "" {
		return decodeReferences(sentence)
	}
	return f.Get("comment")
}

func firstOf(f ircbus.Fields, keys ...string) string {
	for _, key := range keys {
		if value := f.Get(key); value != "" {
			return value
		}
	}
	return ""
}

// firstLink is firstOf for addresses, and only for those that may be links.
func firstLink(f ircbus.Fields, keys ...string) string {
	for _, key := range keys {
		if link := ircbus.Link(f.Get(key)); link != "" {
			return link
		}
	}
	return ""
}

// sizeChange returns the change in bytes as "+7", or "" if the event does not
// tell it: from size and oldsize, else from sizediff.
func sizeChange(f ircbus.Fields) string {
	size, err1 := strconv.ParseUint(f.Get("size"), 10, 62)
	old, err2 := strconv.ParseUint(f.Get("oldsize"), 10, 62)
	if f.Get("oldsize") == "" && f.Get("oldrev") == "" {
		err2 = nil // there was nothing before
	}
	if err1 != nil || err2 != nil {
		diff, err := strconv.ParseInt(f.Get("sizediff"), 10, 63)
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%+d", diff)
	}
	return fmt.Sprintf("%+d", int64(size)-int64(old))
}

// states are the words of docs/protocol.md for how a build, check, deployment or
// status is going, and their colours.
var states = map[string]string{"success": "green", "failed": "red", "cancelled": "grey", "skipped": "grey", "running": "orange", "pending": "orange"}

// state is how something is going, or what a reviewer says; "" for other words,
// which events have in sentences of their own.
func state(f ircbus.Fields) string {
	if word := f.Get("state"); states[word] != "" {
		return word
	}
	return clean(strings.ReplaceAll(f.Get("review.state"), "_", " "))
}

func flags(f ircbus.Fields) string {
	var set []string
	for _, key := range [...]string{"minor", "bot", "forced"} {
		if f.Get(key) == "1" {
			set = append(set, key)
		}
	}
	return strings.Join(set, ", ")
}

// listing shows an event that has none of the usual fields.
func listing(f ircbus.Fields) string {
	var pairs []string
	for _, field := range f {
		switch {
		case field.Key == "time", field.Key == "key", field.Value == "":
		case ircbus.HoldsLink(field.Key) && ircbus.Link(field.Value) == "":
			pairs = append(pairs, field.Key+"=…")
		default:
			pairs = append(pairs, field.Key+"="+clean(field.Value))
		}
	}
	if pairs == nil {
		return clean(f.Encode())
	}
	return strings.Join(pairs, " ")
}

// plainLine is "PAGE — ACTION by USER (STATE, FLAGS, +7): COMMENT URL", as far as the
// event has them.
func plainLine(v values) string { return sentence(v, func(_, value string) string { return value }) }

func colourLine(v values) string {
	return sentence(v, func(key, value string) string {
		switch key {
		case "page":
			return bold(value)
		case "action":
			return mustColour("orange", value)
		case "user":
			return mustColour("teal", value)
		case "state":
			if colour := states[value]; colour != "" {
				return bold(mustColour(colour, value))
			}
		case "size", "insertions", "deletions":
			return colourSize(value)
		case "url":
			return mustColour("grey", value)
		}
		return value
	})
}

// colourSize shows growth in green and loss in red, bold from 500 bytes on as
// MediaWiki does.
func colourSize(change string) string {
	name := "green"
	if strings.HasPrefix(change, "-") {
		name = "red"
	}
	shown := mustColour(name, change)
	if n, err := strconv.Atoi(change); err == nil && n < -500 {
		shown = bold(shown)
	}
	return shown
}

// piece is a part of a sentence: a value with what stands before it.
type piece struct{ before, value, shown string }

// sentence puts the values together; dress gives each its colours.
func sentence(v values, dress func(key, value string) string) string {
	if v["text"] != "" {
		return v["text"]
	}
	var pieces []piece
	add := func(before, key string) {
		if v[key] != "" {
			pieces = append(pieces, piece{before, v[key], dress(key, v[key])})
		}
	}
	add("", "page")
	add(" — ", "action")
	add(" by ", "user")
	open := " ("
	for _, key := range [...]string{"state", "flags", "size", "insertions", "deletions"} {
		if v[key] != "" {
			add(open, key)
			open = ", "
		}
	}
	colon := ": "
	if open == ", " {
		colon = "): "
	}
	add(colon, "comment")
	if v["comment"] == "" && open == ", " {
		pieces = append(pieces, piece{before: ")"})
	}
	add(" ", "url")
	return join(pieces)
}

// join writes the pieces one after the other. Where a right-to-left value would
// draw the number or the right-to-left value after it into its own order on the
// screen, an invisible left-to-right mark keeps the two apart. Marks stand only
// there, and never inside a value, so that searches and highlights find them.
func join(pieces []piece) string {
	var b strings.Builder
	rtl := false
	for i, p := range pieces {
		if i == 0 {
			p.before = strings.TrimLeft(p.before, " —:")
		}
		if rtl && !startsLeftToRight(p.before+p.value) {
			b.WriteString(leftToRightMark)
		}
		b.WriteString(p.before)
		b.WriteString(p.shown)
		if p.value != "" {
			rtl = endsRightToLeft(p.value)
		}
	}
	return b.String()
}

const leftToRightMark = "\u200E"

var rightToLeft = []*unicode.RangeTable{unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam, unicode.Samaritan, unicode.Mandaic}

// startsLeftToRight reports whether the first character with a direction of its
// own is a left-to-right letter.
func startsLeftToRight(s string) bool {
	for _, r := range s {
		if unicode.IsDigit(r) {
			return false
		}
		if unicode.IsLetter(r) {
			return !unicode.In(r, rightToLeft...)
		}
	}
	return true
}

func endsRightToLeft(s string) bool {
	for _, r := range slices.Backward([]rune(s)) {
		if unicode.IsLetter(r) {
			return unicode.In(r, rightToLeft...)
		}
	}
	return false
}
