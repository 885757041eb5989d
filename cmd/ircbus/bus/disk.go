package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// MakeData makes the data directory, and those above it, unless it is there: for
// its owner alone, and on disk when it returns, because what is acknowledged in
// it must not vanish with it.
func MakeData(dir string) error {
	if err := makeDir(filepath.Clean(dir)); err != nil {
		return fmt.Errorf("cannot make the data directory %s: %w; choose another with --data", dir, cause(err))
	}
	return nil
}

func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeDir(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	if errors.Is(err, fs.ErrExist) { // another process was as quick?
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir returns when the names in the directory are on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keptIn is how something that works on where it stopped keeps its place: in a
// file, which need not be there at first.
func keptIn(file string) (load func() ([]byte, error), save func([]byte) error) {
	load = func() ([]byte, error) {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return text, err
	}
	return load, func(text []byte) error { return replaceFile(file, text) }
}

// replaceFile puts text in the place of the file: a reader, also after a crash
// at any moment, finds the old content or the new. The caller sees to it that
// there is one at a time.
func replaceFile(path string, text []byte) (err error) {
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// cause is a path error without the path, which our sentence names already.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
