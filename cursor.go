package ircbus

import (
	"fmt"
	"strconv"
	"strings"
)

// Cursor is a place in a log: everything up to the event ID. Epoch says which log
// that is; "" is the one that is asked (docs/protocol.md, "Ids").
type Cursor struct {
	Epoch string
	ID    ID
}

// maxEpoch is how many bytes of an epoch are read.
const maxEpoch = 64

// ParseCursor reads EPOCH-4800, as streams give it, or the id alone.
func ParseCursor(s string) (Cursor, error) {
	epoch, number, found := strings.Cut(s, "-")
	if !found {
		epoch, number = "", s
	}
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil || found && !isEpoch(epoch) {
		return Cursor{}, fmt.Errorf("%q is not an event id: use a whole number like 123, or EPOCH-123", clip(s))
	}
	return Cursor{epoch, ID(id)}, nil
}

func isEpoch(s string) bool {
	return s != "" && len(s) <= maxEpoch && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// String writes the cursor as ParseCursor reads it.
func (c Cursor) String() string { return string(c.Append(nil)) }

// Append appends String to dst.
func (c Cursor) Append(dst []byte) []byte {
	if c.Epoch != "" {
		dst = append(append(dst, c.Epoch...), '-')
	}
	return strconv.AppendUint(dst, uint64(c.ID), 10)
}

// Foreign reports whether the cursor says that it is of another log than that of
// the epoch: what its number means there, nobody knows.
func (c Cursor) Foreign(epoch string) bool { return c.Epoch != "" && c.Epoch != epoch }
