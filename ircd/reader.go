package ircd

import (
	"bytes"
	"errors"
	"io"

	"github.com/ergochat/irc-go/ircmsg"

	"github.com/ircbus/ircbus"
)

// maxInput is the longest line we read, in bytes, with tags and line end.
const maxInput = ircmsg.MaxlenTags + maxLine

// Sizes of a connection's read buffer: it starts small, since most connections
// say little, and grows for those who send much at once.
const (
	smallBuffer   = 512
	largeBuffer   = 64 << 10
	largestBuffer = 256 << 10 // of a publisher
)

// maxSkipped is how much of a line that is too long we skip, in bytes, in order
// to read on behind it.
const maxSkipped = 1 << 20

// errTooLong stands for a line that was too long and has been skipped;
// errEndless for one that was not worth it.
var (
	errTooLong = errors.New("line too long")
	errEndless = errors.New("line without an end")
)

// lineReader cuts a byte stream into lines. The end of a line is LF, a CR
// before it is dropped. A read error does not lose the bytes that came before.
type lineReader struct {
	src        io.Reader
	buf        []byte
	r, w       int  // unread bytes are buf[r:w]
	searched   int  // buf[r:searched] has no LF
	discarding bool // in a line that is too long, until its LF
	skipped    int  // bytes of it, so far
	size       int  // bytes of the last line, also of one that was too long
	full       bool // the last read has filled buf: there may be more to read at once
	trusted    bool // buf may become the largest
	http       bool // the last line that was too long began as a request of HTTP
}

// empty reports whether nothing is lost with the reader.
func (lr *lineReader) empty() bool { return lr.r == lr.w && !lr.discarding }

// next returns the next line, which is valid until the call after.
func (lr *lineReader) next() ([]byte, error) {
	for {
		if line, ok := lr.take(); ok {
			lr.size = lr.skipped + len(line)
			if lr.discarding || len(line) > maxInput {
				lr.discarding, lr.skipped = false, 0
				return nil, errTooLong
			}
			return line, nil
		}
		if lr.skipped > maxSkipped {
			return nil, errEndless
		}
		if err := lr.fill(); err != nil {
			return nil, err
		}
	}
}

// buffered reports whether a whole line is there without reading.
func (lr *lineReader) buffered() bool {
	return bytes.IndexByte(lr.buf[lr.r:lr.w], '\n') >= 0
}

func (lr *lineReader) take() ([]byte, bool) {
	i := bytes.IndexByte(lr.buf[lr.searched:lr.w], '\n')
	if i < 0 {
		lr.searched = lr.w
		if !lr.discarding && lr.w-lr.r > maxInput+len("\r") {
			lr.discarding = true
			lr.http, _ = ircbus.FromPage(lr.buf[lr.r:lr.w])
		}
		if lr.discarding {
			lr.skipped += lr.w - lr.r
			lr.r = lr.w
		}
		return nil, false
	}
	end := lr.searched + i
	line := bytes.TrimSuffix(lr.buf[lr.r:end], []byte{'\r'})
	lr.r, lr.searched = end+1, end+1
	return line, true
}

// fill reads once, with a buffer that suits what there was last time.
func (lr *lineReader) fill() error {
	switch {
	case lr.r == lr.w && (lr.buf == nil || lr.w < smallBuffer && len(lr.buf) > smallBuffer):
		lr.buf = make([]byte, smallBuffer)
		lr.r, lr.w = 0, 0
	case lr.r == lr.w && lr.w < len(lr.buf):
		lr.r, lr.w = 0, 0
	case lr.w == len(lr.buf): // the last read filled it
		grown := make([]byte, min(lr.largest(), 2*len(lr.buf)))
		lr.w = copy(grown, lr.buf[lr.r:lr.w])
		lr.buf, lr.r = grown, 0
	}
	lr.searched = lr.w
	n, err := lr.src.Read(lr.buf[lr.w:])
	lr.w += n
	lr.full = lr.w == len(lr.buf)
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (lr *lineReader) largest() int {
	if lr.trusted {
		return largestBuffer
	}
	return largeBuffer
}
