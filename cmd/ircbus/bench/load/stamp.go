package load

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"
)

// StampLen is how many bytes a stamp has.
const StampLen = markLen + 24

const markLen = 8

// MaxPublishers is how many publishers a stamp can tell apart.
const MaxPublishers = 1000

// Mark begins every stamp of one run, so that nothing else is taken for one: not
// the lines of an earlier run, nor what people say.
type Mark uint64

// NewMark returns a mark at random: a letter, six letters or digits, a hyphen.
func NewMark() Mark {
	text := "b" + strings.ToLower(rand.Text()[:6]) + "-"
	return Mark(binary.LittleEndian.Uint64([]byte(text)))
}

// Stamp ends the text of every line: who sent it, as which of his lines, and
// when. It has a fixed width, so that reading it backwards from the end of the
// line costs some nanoseconds, and only letters, digits and a hyphen, which
// every protocol carries as they are.
type Stamp struct {
	Publisher int           // below MaxPublishers
	Seq       uint32        // counts the publisher's lines from 0; below 100 million
	At        time.Duration // since the beginning of the run; below 10,000 s
}

// timeUnits separates the publisher from the time in the last 16 digits.
const timeUnits = 1e13

// Append appends the stamp to dst.
func (m Mark) Append(dst []byte, s Stamp) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m))
	dst = appendDigits(dst, uint64(s.Seq), 8)
	return appendDigits(dst, uint64(s.Publisher)*timeUnits+uint64(s.At), 16)
}

func appendDigits(dst []byte, n uint64, width int) []byte {
	for range width {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

// Read reads the stamp at the end of a line, which has no CR LF any more. It is
// false if there is none of this run.
func (m Mark) Read(line []byte) (s Stamp, ok bool) {
	if len(line) < StampLen {
		return s, false
	}
	end := line[len(line)-StampLen:]
	if binary.LittleEndian.Uint64(end) != uint64(m) {
		return s, false
	}
	when := digits8(end[16:])*1e8 + digits8(end[24:])
	s.Seq = uint32(digits8(end[8:]))
	s.Publisher = int(when / timeUnits)
	s.At = time.Duration(when % timeUnits)
	return s, true
}

// digits8 reads eight decimal digits, all at once: neighbours are joined to
// pairs, pairs to fours, and these to the number.
func digits8(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b) & 0x0F0F0F0F0F0F0F0F
	v = v * (10<<8 + 1) >> 8 & 0x00FF00FF00FF00FF
	v = v * (100<<16 + 1) >> 16 & 0x0000FFFF0000FFFF
	return v * (10000<<32 + 1) >> 32
}
