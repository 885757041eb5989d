//go:build !unix

package publisher

import (
	"errors"
	"os"
)

// lockFile refuses: without a lock two processes could spoil a spool.
func lockFile(string) (*os.File, error) {
	return nil, errors.New("a spool needs file locks, which this system does not have")
}

func unlockFile(file *os.File) error { return file.Close() }
