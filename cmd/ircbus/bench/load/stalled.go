package load

import (
	"bytes"
	"strconv"
)

// resumable takes note of the id of an event of the bus that a member got.
func (m *member) resumable(line []byte) {
	if _, text, ok := bytes.Cut(line, []byte(" :id=")); ok {
		digits, _, _ := bytes.Cut(text, []byte("&"))
		if id, err := strconv.ParseUint(string(digits), 10, 64); err == nil {
			m.resume = id
		}
	}
}

// told is called with the text of an ERROR or FAIL.
func (m *member) told(string) {}
