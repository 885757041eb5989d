package load

import (
	"strconv"
	"time"
)

// Text makes the lines of one publisher.
type Text struct {
	Bus     bool   // events of ircbus, not plain text; each with a label
	Channel string // where to
	Mark    Mark
	Views   int // see Plan
	Size    int // bytes of the text without the stamp
	Number  int // of the publisher
}

// words fill the lines.
const words = "the+quick+brown+fox+jumps+over+the+lazy+dog+and+reads+every+recent+change+of+the+wiki+"

// Append appends a line, with CR LF.
func (t *Text) Append(dst []byte, seq uint32, at time.Duration) []byte {
	if t.Bus {
		dst = append(dst, "@label="...)
		dst = strconv.AppendUint(dst, uint64(seq), 10)
		dst = append(dst, ' ')
	}
	dst = append(dst, "PRIVMSG "...)
	dst = append(dst, t.Channel...)
	dst = append(dst, " :"...)
	dst = t.AppendText(dst, seq, at)
	return append(dst, '\r', '\n')
}

// AppendText appends the text alone: for the bus an event in canonical form. Its
// fields come in the order that the bus keeps, so that the stamp stays last.
func (t *Text) AppendText(dst []byte, seq uint32, at time.Duration) []byte {
	start := len(dst)
	if t.Bus {
		dst = append(dst, "page=Recent/Change&action=SAVE&user="...)
		dst = append(dst, UserOf(seq, t.Views)...)
		dst = append(dst, "&comment="...)
	}
	end := "&key="
	if !t.Bus {
		end = " "
	}
	for fill := t.Size - (len(dst) - start) - len(end); fill > 0; fill -= len(words) {
		dst = append(dst, words[:min(fill, len(words))]...)
	}
	dst = append(dst, end...)
	return t.Mark.Append(dst, Stamp{Publisher: t.Number, Seq: seq, At: at})
}

// UserOf is the user of a line, by whom views filter.
func UserOf(seq uint32, views int) string {
	return "User" + strconv.Itoa(int(seq)%max(views, 1))
}

// ViewName is the name of one of views over a channel.
func ViewName(channel string, view, views int, narrow bool) string {
	not := "!"
	if narrow {
		not = ""
	}
	return channel + "?user=" + not + UserOf(uint32(view), views)
}
