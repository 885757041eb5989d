package mail

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/ircbus/ircbus"
)

// split reads the header of a mail, and returns it and what follows. Lines that
// are no header are left out: some programs leave traces of their own there
// ("From ", ">From ").
func split(r io.Reader) (header []byte, body io.Reader, err error) {
	br := bufio.NewReaderSize(r, maxHeader)
	read, keeping := 0, false
	for {
		line, err := br.ReadSlice('\n')
		read += len(line)
		if read > maxHeader || errors.Is(err, bufio.ErrBufferFull) {
			return nil, nil, ircbus.Refuse(ircbus.EventTooLarge, "the mail's header has more than %d bytes", maxHeader)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, err
		}
		if read == len(line) {
			line = ircbus.TrimBOM(line)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
			keeping = isField(line)
		}
		ends := err != nil || len(line) == 0 && len(header) > 0
		if keeping && len(line) > 0 {
			header = append(append(header, line...), "\r\n"...)
		}
		switch {
		case ends && len(header) == 0:
			return nil, nil, ircbus.Refuse(ircbus.InvalidEvent, "this is not a mail: it has no header")
		case ends:
			return append(header, "\r\n"...), br, nil
		}
	}
}

// isField says whether a line is a header field: a name of printable ASCII and a
// colon (RFC 5322, 2.2).
func isField(line []byte) bool {
	name, _, found := bytes.Cut(line, []byte{':'})
	name = bytes.TrimRight(name, " \t")
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return found && len(name) > 0
}
