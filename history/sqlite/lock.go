package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrInUse is the error for a database that another store, of this process or
// of another one, has open.
var ErrInUse = errors.New("the database is in use by another process: stop that one first")

// lock takes the lock file beside the database. Ids are counted in memory, so
// only one store may write; SQLite's own locks would let two take turns. The
// lock ends with unlock, or with the process.
func lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the database cannot be locked: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", path, ErrInUse)
		}
		return nil, fmt.Errorf("%s.lock cannot be locked: %w", path, err)
	}
	return file, nil
}

// unlock ends the lock at once and closes the file. Closing alone would end it
// only when a child process that is just being started has closed its copy.
func unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
