package syslog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/ircbus/ircbus/publisher/door"
)

// maxMessage is how much of one message is read, in bytes; the rest is skipped.
// It is more than an event takes.
const maxMessage = 64 << 10

// frames reads messages from a connection (RFC 6587): each is counted, "LEN
// <PRI>…", or ends with a line feed or, as Python's SysLogHandler and older loggers
// have it, NUL. A sender may mix them.
type frames struct{ r *bufio.Reader }

// ends are the bytes that end a message that is not counted. A CR before one is left
// out; alone it is part of the message.
const ends = "\n\x00"

func newFrames(r io.Reader) frames { return frames{bufio.NewReaderSize(r, maxMessage+16)} }

// next returns the next message, valid until the next call. A last line may have
// no end. At the end of the input it returns io.EOF, and io.ErrUnexpectedEOF if
// that is in the middle of a counted message, which comes with the error.
func (f frames) next() ([]byte, error) {
	for {
		if f.isCounted() {
			return f.count()
		}
		line, err := f.line()
		if len(bytes.TrimRight(line, "\r\n\x00")) > 0 {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// isCounted reports whether a count comes next. It waits for no more bytes than it
// needs to tell: a message may be shorter than the longest count.
func (f frames) isCounted() bool {
	for n := 1; n <= maxCount+2; n++ {
		head, err := f.r.Peek(n)
		if err != nil || counted(head) > 0 {
			return err == nil
		}
		if last := head[n-1]; (last < '0' || last > '9') && last != ' ' {
			return false
		}
	}
	return false
}

// count reads a message whose length is told.
func (f frames) count() ([]byte, error) {
	digits, err := f.r.ReadSlice(' ')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(string(digits[:len(digits)-1]))
	if err != nil {
		return nil, err
	}
	taken := min(length, maxMessage)
	message, err := f.r.Peek(taken)
	if err == nil && taken == length {
		f.r.Discard(taken) // what was peeked at stays valid until the next read
		return message, nil
	}
	message = bytes.Clone(message) // skipping reads over it
	if _, skipErr := io.CopyN(io.Discard, f.r, int64(length)); skipErr != nil {
		return message, io.ErrUnexpectedEOF
	}
	return message, nil
}

// line reads to the next end.
func (f frames) line() ([]byte, error) {
	line, err := door.ReadLine(f.r, ends)
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = door.ReadLine(f.r, ends)
	}
	return line, err
}

// ready reports whether the next message is there as a whole, so that reading it
// waits for nobody.
func (f frames) ready() bool {
	buffered, _ := f.r.Peek(f.r.Buffered())
	buffered = bytes.TrimLeft(buffered, "\r\n\x00") // empty lines are no messages
	if n := counted(buffered); n > 0 {
		length, err := strconv.Atoi(string(buffered[:n-1]))
		return err == nil && len(buffered)-n >= length
	}
	return bytes.ContainsAny(buffered, ends)
}
