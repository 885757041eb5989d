package subscriber

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ircbus/ircbus"
)

// position is what a cursor file says: up to event ID of this epoch, everything
// of these views has been handed over.
type position struct {
	ID    ircbus.ID `json:"id"`
	Epoch string    `json:"epoch"`
	Views []string  `json:"views"` // as asked for, sorted
}

const (
	// The id stands at a fixed place with a fixed width, so that it can be
	// overwritten where it is.
	idOffset = len(`{"id":`)
	idFormat = "%20d"

	maxCursorFile = 1 << 20
	syncEvery     = time.Second
)

// encode writes the position as one line of JSON.
func (p position) encode() []byte {
	epoch, _ := json.Marshal(p.Epoch) // strings always can be
	views, _ := json.Marshal(p.Views)
	return fmt.Appendf(nil, `{"id":`+idFormat+`,"epoch":%s,"views":%s}`+"\n", p.ID, epoch, views)
}

// parsePosition reads what encode writes, in any JSON form. What it does not know
// it refuses: a newer version wrote it, and may mean something by it.
func parsePosition(data []byte) (position, error) {
	var p position
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		return position{}, err
	}
	if _, err := in.Token(); err != io.EOF {
		return position{}, errors.New("something follows the position")
	}
	if p.Epoch == "" {
		return position{}, errors.New(`"epoch" is missing`)
	}
	return p, nil
}

// cursorFile keeps a position on disk. Its first and any other sudden change is
// a new file put in the old one's place; the id alone, which changes with every
// event, is overwritten where it is. That is one small write into one sector, so
// that a killed process leaves the old or the new id, and it costs little enough
// to be done after every event. The disk is told to keep it at once when events
// are few and each second when they are many: a power failure may make the last
// second's events come again.
type cursorFile struct {
	path   string
	file   *os.File // locked; at path
	dirty  bool     // the id has been written but perhaps not to the disk
	synced time.Time

	saved position // as in the file
	exact bool     // the file is as encode writes it, so that the id can be overwritten
	found bool     // there was one when the file was opened
}

// openCursor opens or makes the file and locks it.
func openCursor(path string) (*cursorFile, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	} else if target, err := os.Readlink(path); err == nil { // to where nothing is yet
		if path = filepath.Join(filepath.Dir(path), target); filepath.IsAbs(target) {
			path = target
		}
	}
	for range 10 { // the process that held the lock may just have put another file there
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			// One that says that there is no position yet: an empty file is always
			// one that has lost its position.
			if err := ircbus.CreateFile(path, 0o644, position{}.encode()); err != nil && !errors.Is(err, fs.ErrExist) {
				return nil, fmt.Errorf("the cursor file cannot be opened: %w", err)
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the cursor file cannot be opened: %w", err)
		}
		c := &cursorFile{path: path, file: file}
		if err := c.load(); err != nil {
			c.release()
			return nil, err
		}
		if c.inPlace() {
			return c, nil
		}
		c.release()
	}
	return nil, fmt.Errorf("the cursor file %s changes all the time: give each Follow its own", path)
}

func (c *cursorFile) load() error {
	if info, err := c.file.Stat(); err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("the cursor file %s is not a file", c.path)
	}
	if err := lock(c.file); err != nil {
		return fmt.Errorf("the cursor file %s is in use by another process: give each its own", c.path)
	}
	data, err := io.ReadAll(io.LimitReader(c.file, maxCursorFile))
	if err != nil {
		return fmt.Errorf("the cursor file cannot be read: %w", err)
	}
	if bytes.Equal(data, position{}.encode()) {
		return nil // of openCursor: there is no position yet
	}
	if len(data) == 0 {
		err = errors.New("it is empty")
	} else {
		c.saved, err = parsePosition(ircbus.TrimBOM(data))
	}
	if err != nil {
		return fmt.Errorf("the file %s is not a cursor (%w): name another file, or delete it to begin anew", c.path, err)
	}
	c.found = true
	if err := ircbus.SyncDir(filepath.Dir(c.path)); err != nil { // a killed process may have put it there and not said so
		return fmt.Errorf("the cursor file cannot be kept: %w", err)
	}
	c.exact = bytes.Equal(data, c.saved.encode())
	return nil
}

// inPlace reports whether the open file is the one at the path.
func (c *cursorFile) inPlace() bool {
	mine, err1 := c.file.Stat()
	there, err2 := os.Stat(c.path)
	return err1 == nil && err2 == nil && os.SameFile(mine, there)
}

// save makes p what the file says.
func (c *cursorFile) save(p position) error {
	if !c.exact || p.Epoch != c.saved.Epoch || !slices.Equal(p.Views, c.saved.Views) {
		return c.replace(p)
	}
	if p.ID == c.saved.ID {
		return nil
	}
	if _, err := c.file.WriteAt(fmt.Appendf(nil, idFormat, p.ID), int64(idOffset)); err != nil {
		return fmt.Errorf("the cursor cannot be written: %w", err)
	}
	c.saved.ID, c.dirty = p.ID, true
	if time.Since(c.synced) < syncEvery {
		return nil
	}
	return c.sync()
}

// sync makes the disk keep what was saved.
func (c *cursorFile) sync() error {
	if !c.dirty {
		return nil
	}
	if !c.inPlace() { // somebody removed it
		return c.replace(c.saved)
	}
	if err := c.file.Sync(); err != nil {
		return fmt.Errorf("the cursor cannot be written: %w", err)
	}
	c.dirty, c.synced = false, time.Now()
	return nil
}

// replace puts a new file, locked like the old one, in its place.
func (c *cursorFile) replace(p position) error {
	file, err := ircbus.InstallFile(c.path, 0o644, func(file *os.File) error {
		if err := lock(file); err != nil {
			return err
		}
		if err := file.Chmod(0o644); err != nil { // whatever the umask is
			return err
		}
		_, err := file.Write(p.encode())
		return err
	})
	if file != nil {
		c.release()
		c.file, c.saved, c.found, c.exact = file, p, true, true
		c.dirty, c.synced = false, time.Now()
	}
	if err != nil {
		return fmt.Errorf("the cursor cannot be written: %w", err)
	}
	return nil
}

// close syncs, unlocks and closes.
func (c *cursorFile) close() error {
	return errors.Join(c.sync(), c.release())
}

func (c *cursorFile) release() error {
	unlock(c.file)
	return c.file.Close()
}
