package moin

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// chunk is how much of a log is read at once, and the longest line, in bytes.
const chunk = 64 << 10

// tail reads a log that grows, and is rotated or truncated at times.
type tail struct {
	log   string
	place place
	known bool     // there is a place
	file  *os.File // nil if none is open; place is one in it

	buf  []byte
	long bool // the place is in the middle of a line that is too long
	left bool // at the last look the log was another file already
}

// newTail makes a tail that goes on at a place; nil means that the log was not
// seen before.
func newTail(log string, at *place) *tail {
	t := &tail{log: log, buf: make([]byte, chunk)}
	if at != nil {
		t.place, t.known = *at, true
	}
	return t
}

// look opens the file in which the place is, if none is open or it is not there
// any more. That there is no log yet is no error.
func (t *tail) look() error {
	if t.file != nil && t.place.isIn(t.file) {
		return nil
	}
	t.close()
	_, away := os.Stat(filepath.Dir(t.log))
	file, err := os.Open(t.log)
	switch {
	case errors.Is(err, fs.ErrNotExist) && away != nil: // it may be there by now, with its log
		return away
	case errors.Is(err, fs.ErrNotExist):
		return t.missing()
	case err != nil:
		return err
	case t.known && (t.place.Log == t.log || t.place.isIn(file)):
		t.place.Log = t.log
		return t.resume(file)
	}
	if t.place, err = firstPlace(file); err != nil {
		return errors.Join(err, file.Close())
	}
	t.file, t.known = file, true
	return nil
}

// missing finds the place while there is no log: in one that was rotated away,
// or at the begin of one to come. A directory that is missing, too, says nothing:
// its disk may come later.
func (t *tail) missing() error {
	if _, err := os.Stat(filepath.Dir(t.log)); err != nil {
		return err
	}
	if !t.known || t.place.Log != t.log {
		t.place, t.known = place{Log: t.log}, true
	}
	if t.place.Offset > 0 {
		t.file = t.search()
	}
	return nil
}

// resume goes on where the place is: in the log, in one that was rotated away,
// or if neither has it, at the begin of the log. It takes the file over.
func (t *tail) resume(file *os.File) error {
	if t.place.isIn(file) {
		t.file = file
		return nil
	}
	if t.file = t.search(); t.file != nil {
		return file.Close()
	}
	t.from(file)
	return nil
}

// search opens the rotated log in which the place is; nil if there is none.
func (t *tail) search() *os.File {
	for _, old := range rotated(t.log) {
		file, err := os.Open(old.path)
		if err != nil {
			continue
		}
		if t.place.isIn(file) {
			return file
		}
		file.Close() // read only
	}
	return nil
}

// from reads another file, from its begin.
func (t *tail) from(file *os.File) {
	t.close()
	t.file = file
	t.place.Offset, t.place.Mark, t.place.Later = 0, "", true
}

func (t *tail) close() {
	if t.file != nil {
		t.file.Close() // read only
	}
	t.file, t.long, t.left = nil, false, false
}

// next returns the whole lines that come next, as many as fit, and where they
// end; none if there are none yet.
func (t *tail) next() (lines []string, end int64, err error) {
	n, err := t.file.ReadAt(t.buf, t.place.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	data := t.buf[:n]
	whole := bytes.LastIndexByte(data, '\n') + 1
	tooLong := whole == 0 && n == len(t.buf)
	if tooLong {
		whole = n
	}
	for line := range bytes.Lines(data[:whole]) {
		if !t.long { // else it is the rest of a line that was refused
			lines = append(lines, string(line))
		}
		t.long = tooLong
	}
	return lines, t.place.Offset + int64(whole), nil
}

// done moves the place behind lines that are stored.
func (t *tail) done(end int64) (err error) {
	t.place.Offset = end
	t.place.Mark, err = markAt(t.file, end)
	return err
}

// advance goes to the next log when this one has been rotated away and read to its
// end. A writer may still have it open, so that is done at the second look only.
// The rest of a line that will never be whole is returned.
func (t *tail) advance() (moved bool, rest string, err error) {
	mine, err := t.file.Stat()
	if err != nil {
		return false, "", err
	}
	now, err := os.Stat(t.log)
	if errors.Is(err, fs.ErrNotExist) {
		return false, "", nil // its successor will come
	}
	if err != nil || os.SameFile(mine, now) {
		t.left = false
		return false, "", err
	}
	if !t.left {
		t.left = true
		return false, "", nil
	}
	file, err := os.Open(t.successor(mine))
	if err != nil {
		return false, "", err
	}
	n, _ := t.file.ReadAt(t.buf, t.place.Offset) // there was no whole line
	rest = string(t.buf[:n])
	t.from(file)
	return true, rest, nil
}

// successor is the log that was written to after this one was rotated away.
func (t *tail) successor(mine os.FileInfo) string {
	for _, old := range rotated(t.log) {
		if info, err := os.Stat(old.path); err == nil && old.at.After(mine.ModTime()) && !os.SameFile(info, mine) {
			return old.path
		}
	}
	return t.log
}
