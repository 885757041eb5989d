package door

import (
	"bufio"
	"bytes"
)

// LineEnds are the bytes that end a line for a line listener: some programs write
// CR alone, and some, as C does, NUL. Of CR LF the LF ends an empty line.
const LineEnds = "\n\r\x00"

// ReadLine reads up to the first of the bytes in ends, as ReadSlice does to one: the
// line has its end, is good until the next read, and comes with bufio.ErrBufferFull
// if it is longer than the buffer. It waits for no byte beyond the end.
func ReadLine(r *bufio.Reader, ends string) ([]byte, error) {
	for searched := 0; ; {
		buffered, _ := r.Peek(r.Buffered())
		if i := bytes.IndexAny(buffered[searched:], ends); i >= 0 {
			return take(r, searched+i+1), nil
		}
		if searched = len(buffered); searched == r.Size() {
			return take(r, searched), bufio.ErrBufferFull
		}
		if _, err := r.Peek(searched + 1); err != nil {
			return take(r, r.Buffered()), err
		}
	}
}

// HasLine reports whether ReadLine would return without waiting.
func HasLine(r *bufio.Reader, ends string) bool {
	buffered, _ := r.Peek(r.Buffered())
	return bytes.ContainsAny(buffered, ends)
}

// take returns bytes that are buffered.
func take(r *bufio.Reader, n int) []byte {
	line, _ := r.Peek(n)
	r.Discard(n) // what was peeked at stays valid until the next read
	return line
}
