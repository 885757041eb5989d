package api

import (
	"strconv"
	"strings"

	"github.com/ircbus/ircbus"
)

// csvFields are the columns of CSV (RFC 4180) after id, at, channel and
// publisher: docs/protocol.md's vocabulary. Whatever has no column, and every
// value of a key but its first, is in the last column, "other", as a query string.
var csvFields = [...]string{
	"wiki", "page", "action", "user", "time", "comment", "rev", "oldrev", "size", "oldsize",
	"url", "diff", "history", "ns", "minor", "bot", "text", "key",
}

type csvEncoder struct{}

func (csvEncoder) begin(dst []byte, _ *envelope) []byte {
	dst = append(dst, "id,at,channel,publisher,"...)
	dst = append(dst, strings.Join(csvFields[:], ",")...)
	return append(dst, ",other\r\n"...)
}

func (csvEncoder) event(dst []byte, e *ircbus.Event) []byte {
	dst = strconv.AppendUint(dst, uint64(e.ID), 10)
	dst = append(dst, ',')
	dst = ircbus.AppendTime(dst, e.At)
	dst = append(dst, ',')
	dst = appendCSV(dst, e.Channel)
	dst = append(dst, ',')
	dst = appendCSV(dst, e.Publisher)
	var used [ircbus.MaxFields + 4]bool // and what Fill adds
	for _, key := range csvFields {
		dst = append(dst, ',')
		for i := range e.Fields {
			if e.Fields[i].Key == key {
				dst = appendCSV(dst, e.Fields[i].Value)
				if i < len(used) {
					used[i] = true
				}
				break
			}
		}
	}
	dst = append(dst, ',')
	var other ircbus.Fields
	for i := range e.Fields {
		if i >= len(used) || !used[i] {
			other = append(other, e.Fields[i])
		}
	}
	dst = appendCSV(dst, other.Encode())
	return append(dst, '\r', '\n')
}

func (csvEncoder) end(dst []byte) []byte { return dst }

func appendCSV(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, "\",\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for {
		before, after, found := strings.Cut(s, `"`)
		dst = append(dst, before...)
		if !found {
			return append(dst, '"')
		}
		dst = append(dst, '"', '"')
		s = after
	}
}
