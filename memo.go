package ircbus

import (
	"strings"
	"time"
)

// Limits of one memo.
const (
	MaxMemo      = 4 << 10 // bytes of its text
	MaxMemoLines = 32
	MaxMemoKey   = 256 // bytes of its key
)

// Memo is what a program tells one person: a private message of its publisher
// that is kept until the person has it. It is not an event: no channel, no
// stream and no backfill ever shows it.
type Memo struct {
	ID   uint64    // given by the store, increasing; 0 before
	At   time.Time // when the store took it; UTC, whole microseconds
	From string    // the publisher's account
	To   string    // the person's account
	Text string    // lines with line feeds between them

	// Key is the publisher's own id of the memo, "" if it has none: a second one
	// with it to the same person is not delivered again.
	Key string
}

// AcceptMemo checks what a publisher wants to tell somebody and returns it as
// the bus stores it: valid UTF-8, without control characters that IRC cannot
// carry and without empty lines. The error is always a *Refusal.
func AcceptMemo(m Memo) (Memo, error) {
	var lines []string
	for line := range strings.FieldsFuncSeq(ToUTF8(m.Text), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.ReplaceAll(line, "\x00", ""); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	m.Text = strings.Join(lines, "\n")
	switch {
	case len(lines) == 0:
		return m, Refuse(InvalidEvent, "the message has no text")
	case len(lines) > MaxMemoLines:
		return m, Refuse(EventTooLarge, "the message has %d lines, the limit is %d", len(lines), MaxMemoLines)
	case len(m.Text) > MaxMemo:
		return m, Refuse(EventTooLarge, "the message has %d bytes, the limit is %d", len(m.Text), MaxMemo)
	case len(m.Key) > MaxMemoKey:
		return m, Refuse(EventTooLarge, "the key has %d bytes, the limit is %d", len(m.Key), MaxMemoKey)
	}
	return m, nil
}
