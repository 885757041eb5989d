package ircbus

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// These functions are the only ones in the module that put a file in another's
// place, in this order: the new file is synced, renamed, and its directory synced.
// Without the first, a file system may keep the new name and lose the content,
// and the file is empty after a power cut; without the last, it may lose the name.

// ReplaceFile puts data in the place of the file at path, which need not exist: a
// reader, also after a power cut at any moment, finds the old content or the new,
// and the new from when ReplaceFile has returned nil. Only its owner may read the
// file. The caller sees to it that one process at a time replaces it.
func ReplaceFile(path string, data []byte) error {
	file, err := InstallFile(path, 0o600, func(file *os.File) error {
		_, err := file.Write(data)
		return err
	})
	if file != nil {
		file.Close() // all of it is on disk
	}
	return err
}

// InstallFile is ReplaceFile for a file that fill writes, and returns the open
// file. With an error, a file that is not nil is at path, but perhaps not on disk.
func InstallFile(path string, perm fs.FileMode, fill func(*os.File) error) (*os.File, error) {
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // a killed process left it
		return nil, err
	}
	file, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	if err = fill(file); err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(temp))
	}
	return file, SyncDir(filepath.Dir(path))
}

// CreateFile makes the file at path durably, with its content from the moment it
// appears, or returns fs.ErrExist. Several processes may try at once.
func CreateFile(path string, perm fs.FileMode, data []byte) error {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(perm), file.Sync(), file.Close()); err != nil {
		return err
	}
	err = os.Link(file.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = createInPlace(path, perm, data) // a file system without hard links
	}
	return errors.Join(err, SyncDir(dir))
}

func createInPlace(path string, perm fs.FileMode, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// MoveFile gives a file that is on disk another path on the same file system,
// durably. A file that is there is replaced.
func MoveFile(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	target, source := filepath.Dir(to), filepath.Dir(from)
	if err := SyncDir(target); err != nil || source == target {
		return err
	}
	return SyncDir(source)
}

// AppendFile puts data at the end of the file at path, which it makes for its
// owner alone if there is none, and returns when both are on disk.
func AppendFile(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = SyncDir(filepath.Dir(path)) // it may be new
	}
	return errors.Join(err, file.Close())
}

// MakeDir makes the directory, and those above it, for their owner alone, unless
// it is there. It is on disk when MakeDir returns, also if a process that made it
// was killed before it could say so.
func MakeDir(dir string) error {
	dir = filepath.Clean(dir)
	above := filepath.Dir(dir)
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		err := SyncDir(above)
		if errors.Is(err, fs.ErrPermission) { // then it was made by somebody else
			err = nil
		}
		return err
	}
	if above != dir {
		if err := MakeDir(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		// Another process may have been as quick.
		if info, statErr := os.Stat(dir); statErr != nil || !info.IsDir() {
			return err
		}
	}
	return SyncDir(above)
}

// SyncDir returns when the names in the directory are on disk. Windows cannot be
// asked for that.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
