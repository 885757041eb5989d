package bus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockData makes the data directory, for its owner alone, and locks it for this
// process. The lock ends with unlock, or with the process.
func lockData(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("no data directory is given: use --data DIR")
	}
	if err := MakeData(dir); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write to the data directory %s: %w; change its permissions or choose another with --data", dir, cause(err))
	}
	if err := takeLock(file); err != nil {
		file.Close()
		return nil, fmt.Errorf("the data directory %s is %w", dir, err)
	}
	return file, nil
}

// takeLock locks the file and leaves this process's number in it for others.
func takeLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("in use by another ircbus%s: stop it or choose another directory with --data", owner(file))
	}
	if err != nil {
		return fmt.Errorf("on a file system that cannot lock: %w", err)
	}
	if err := file.Truncate(0); err != nil {
		return fmt.Errorf("not writable: %w", cause(err))
	}
	if _, err := fmt.Fprintf(file, "%d\n", os.Getpid()); err != nil {
		return fmt.Errorf("not writable: %w", cause(err))
	}
	return nil
}

// owner names the process that holds the lock, if it has said so.
func owner(file *os.File) string {
	var text [32]byte
	n, _ := file.ReadAt(text[:], 0)
	if pid := strings.TrimSpace(string(text[:n])); pid != "" {
		return " (process " + pid + ")"
	}
	return ""
}

// unlock ends the lock at once and closes the file. Closing alone would end it
// only when a child process that is just being started has closed its copy.
func unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
