package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ircbus/ircbus"
)

// MakeData makes the data directory, and those above it, unless it is there: for
// its owner alone, and on disk when it returns, because what is acknowledged in
// it must not vanish with it.
func MakeData(dir string) error {
	if err := ircbus.MakeDir(dir); err != nil {
		return fmt.Errorf("cannot make the data directory %s: %w; choose another with --data", dir, cause(err))
	}
	return nil
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
	return load, func(text []byte) error { return ircbus.ReplaceFile(file, text) }
}

// cause is a path error without the path, which our sentence names already.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
