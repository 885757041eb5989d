//go:build unix

package subscriber

import (
	"os"
	"syscall"
)

// lock locks an open file for this process, or fails at once.
func lock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// unlock ends the lock at once. Closing the file would do so only when a child
// process that is just being started has closed its copy too.
func unlock(file *os.File) { syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
