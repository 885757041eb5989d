package account

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ircbus/ircbus"
)

const (
	maxFile  = 64 << 20         // bytes; some 100,000 accounts
	lockWait = 10 * time.Second // then whoever holds the lock hangs
	lockPoll = 5 * time.Millisecond
)

// stamp tells one state of the file from another: each write makes a new inode.
// The zero stamp is that of no file.
type stamp struct {
	inode uint64
	size  int64
	mtime time.Time
	mode  fs.FileMode
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size(), mtime: info.ModTime(), mode: info.Mode()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		s.inode = sys.Ino
	}
	return s
}

// stampFile returns the stamp of the file, which need not exist.
func stampFile(path string) (stamp, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

// fileError says what an error is about and, where somebody else's file is the
// reason, what to do.
func fileError(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w: run this as the user that the bus runs as", ErrFile, err)
	}
	return fmt.Errorf("%w: %w", ErrFile, err)
}

// readFile returns the book in the file and the file's stamp; an empty book if
// there is no file.
func readFile(path string) (*book, stamp, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		b, err := newBook(nil)
		return b, stamp{}, err
	}
	if err != nil {
		return nil, stamp{}, err
	}
	defer f.Close() // read only
	info, err := f.Stat()
	if err != nil {
		return nil, stamp{}, err
	}
	if err := checkMode(path, info); err != nil {
		return nil, stampOf(info), err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, stampOf(info), err
	}
	b, err := decode(path, ircbus.TrimBOM(data))
	return b, stampOf(info), err
}

func checkMode(path string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to others (mode %04o): run chmod 600 %[1]s", path, info.Mode().Perm())
	case info.Size() > maxFile:
		return fmt.Errorf("%s has %d bytes, the limit is %d", path, info.Size(), maxFile)
	}
	return nil
}

// replaceFile puts data in the place of the file, with the owner that it has or
// should have, and returns the stamp. The caller holds the lock.
func replaceFile(path string, data []byte) (stamp, error) {
	var info fs.FileInfo
	file, err := ircbus.InstallFile(path, 0o600, func(file *os.File) error {
		err := giveAway(file, path)
		if err == nil {
			_, err = file.Write(data)
		}
		if err == nil {
			info, err = file.Stat()
		}
		return err
	})
	if file != nil {
		file.Close() // all of it is on disk
	}
	if err != nil {
		return stamp{}, err
	}
	return stampOf(info), nil
}

// giveAway makes f, if root has just made it, belong to the owner of path, or of
// its directory: or else the bus, which need not run as root, could not read it.
func giveAway(f *os.File, path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(sys.Uid), int(sys.Gid))
	}
	return nil
}

// lockFile takes the lock that every writer of path holds while it reads,
// changes and replaces the file. Closing what it returns, or dying, releases it.
func lockFile(path string) (io.Closer, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockPoll) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case err != unix.EWOULDBLOCK && err != unix.EINTR:
			return nil, errors.Join(fmt.Errorf("locking %s: %w", f.Name(), err), f.Close())
		case time.Now().After(deadline):
			return nil, errors.Join(fmt.Errorf("another program has kept %s locked for %v: end it and try again", f.Name(), lockWait), f.Close())
		}
	}
}

func openLock(path string) (*os.File, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if err := giveAway(f, path); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.OpenFile(name, os.O_RDWR|unix.O_NOFOLLOW, 0)
}
