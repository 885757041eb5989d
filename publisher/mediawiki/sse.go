package mediawiki

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

// message is one event of a stream (html.spec.whatwg.org/#server-sent-events).
type message struct {
	kind string // "" is "message"
	data []byte // until the next one is read
	id   string // of the last event that had one, this one included
}

// maxMessage limits one event of a stream, in bytes.
const maxMessage = 1 << 20

var errLong = errors.New("an event of the stream has more than 1 MiB")

// events reads a stream of Server-Sent Events.
type events struct {
	r     *bufio.Reader
	pause func() // called before a wait for more of the stream
	data  []byte
	id    string
	retry time.Duration // that the server wants between two tries; 0 if it has not said
}

func newEvents(r io.Reader, pause func()) *events {
	return &events{r: bufio.NewReaderSize(r, 64<<10), pause: pause}
}

// next reads up to the end of the next event that has data. The error is io.EOF
// when the stream ends, in whatever place.
func (e *events) next() (message, error) {
	var m message
	e.data = e.data[:0]
	size, has := 0, false
	for {
		line, err := e.line(maxMessage - size)
		if err != nil {
			return message{}, err
		}
		if size += len(line) + 1; size > maxMessage {
			return message{}, errLong
		}
		if len(line) == 0 {
			if has {
				m.data, m.id = e.data[:len(e.data)-1], e.id
				return m, nil
			}
			m, size = message{}, 0
			continue
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimPrefix(value, []byte{' '})
		switch string(name) {
		case "data":
			e.data = append(append(e.data, value...), '\n')
			has = true
		case "event":
			m.kind = string(value)
		case "id":
			if !bytes.ContainsRune(value, 0) {
				e.id = string(value)
			}
		case "retry":
			if ms, err := strconv.ParseUint(string(value), 10, 32); err == nil {
				e.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// line reads a line of at most max bytes, which ends in LF or CR LF. (Nobody ends
// lines in a CR alone.)
func (e *events) line(max int) ([]byte, error) {
	if ready, _ := e.r.Peek(e.r.Buffered()); !bytes.ContainsRune(ready, '\n') {
		e.pause()
	}
	line, err := e.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(long) > max {
				return nil, errLong
			}
			line, err = e.r.ReadSlice('\n')
			long = append(long, line...)
		}
		line = long
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'}), nil
}
