package sqlite

import (
	"io"
	"os"
)

// Limits of how much longer the write-ahead log is made at once: as long again.
const (
	leastRoom = 64 << 10
	mostRoom  = 512 << 10
)

// room keeps the write-ahead log longer than what stands in it. A commit that
// makes the file longer takes several times as long as one that overwrites, since
// the file system then has to write where the file ends and lies. To SQLite,
// which begins the log anew from time to time without making it shorter, zeros
// behind its last frame are as good as the end.
type room struct {
	file *os.File
	size int64 // of the file, when we last saw it
}

// open opens the log of the database at path, which must be open.
func (r *room) open(path string) (err error) {
	r.file, err = os.OpenFile(path+"-wal", os.O_RDWR, 0)
	return err
}

func (r *room) close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}

// grow makes more room if SQLite has made the file longer. Only who writes may
// call it, between two transactions. On a full disk the log grows with each
// commit, as it would by itself, until that fails.
func (r *room) grow() {
	size, err := r.file.Seek(0, io.SeekEnd) // asking for its time too would make every commit write that
	if err != nil || size == r.size {
		return
	}
	if size > r.size && size < largestLog {
		n, _ := r.file.WriteAt(zeros[:min(max(size, leastRoom), mostRoom)], size)
		size += int64(n)
	}
	r.size = size
}

var zeros [mostRoom]byte
