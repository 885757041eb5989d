package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/publisher"
)

// hookSpool is a directory in which hooks leave their events, in files of their
// own, so that no hook waits for another one:
//
//	new/TIME-RANDOM   events of one call, a query string a line
//	tmp/              those that are being written
//	refused           events that the bus refused for good, with the reason
//	damaged-…         a file of new that could not be read
//	lock              locked by the process that sends
//
// A file is removed when the bus has all of it. Each event has a key, so one that
// is sent twice is one event.
type hookSpool struct{ dir string }

// maxFileEvents limits the events of one file. A sending that is cut off begins
// again with the file in which it was.
const maxFileEvents = 500

// maxSpool limits, in bytes, what waits in new.
const maxSpool = publisher.DefaultSpoolLimit

// keep writes events to the disk, behind all others.
func (s hookSpool) keep(events []ircbus.Fields) error {
	for _, dir := range []string{"", "new", "tmp"} {
		if err := ircbus.MakeDir(filepath.Join(s.dir, dir)); err != nil {
			return fmt.Errorf("the spool cannot be made: %w", err)
		}
	}
	if len(events) == 0 {
		return nil
	}
	waiting := s.size()
	for chunk := range slices.Chunk(events, maxFileEvents) {
		var lines strings.Builder
		for _, f := range chunk {
			accepted, err := ircbus.Accept(f, 0)
			if err != nil {
				return err
			}
			lines.WriteString(accepted.Encode() + "\n")
		}
		if waiting += int64(lines.Len()); waiting > maxSpool {
			return fmt.Errorf("the spool %s is full: its limit is %d bytes", s.dir, int64(maxSpool))
		}
		name := fmt.Sprintf("%020d-%s", time.Now().UnixNano(), rand.Text())
		if err := s.write(name, lines.String()); err != nil {
			return fmt.Errorf("the spool cannot be written: %w", err)
		}
	}
	return nil
}

// write makes a file appear in new, whole and on the disk.
func (s hookSpool) write(name, text string) error {
	draft := filepath.Join(s.dir, "tmp", name)
	if err := ircbus.ReplaceFile(draft, []byte(text)); err != nil {
		return err
	}
	return ircbus.MoveFile(draft, filepath.Join(s.dir, "new", name))
}

// size is how many bytes wait.
func (s hookSpool) size() (total int64) {
	files, err := s.waiting()
	if err != nil {
		return 0 // writing will tell
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil {
			total += info.Size()
		}
	}
	return total
}

// waiting are the files in new, the oldest first.
func (s hookSpool) waiting() ([]os.DirEntry, error) {
	files, err := os.ReadDir(filepath.Join(s.dir, "new"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return files, err
}

// send publishes what waits. If another process is doing that, it does it for
// this one, too: after its last file it looks once more, without the lock.
func (s hookSpool) send(ctx context.Context, d *delivery) error {
	for {
		files, err := s.waiting()
		if err != nil || len(files) == 0 {
			return err
		}
		lock, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return lock.Close()
		}
		if err == nil {
			err = s.sendAll(ctx, d)
		}
		lock.Close()
		if err != nil {
			return err
		}
	}
}

// sendAll publishes the files that wait, and is called with the lock.
func (s hookSpool) sendAll(ctx context.Context, d *delivery) error {
	defer d.close(ctx)
	files, err := s.waiting()
	if err != nil {
		return err
	}
	for _, file := range files {
		path := filepath.Join(s.dir, "new", file.Name())
		events, err := readEvents(path)
		if err != nil { // a disk has damaged it: it must not keep the others back
			d.refuse(err)
			if err := ircbus.MoveFile(path, filepath.Join(s.dir, "damaged-"+file.Name())); err != nil {
				return err
			}
			continue
		}
		if err := d.publish(ctx, events, s.refuse); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// readEvents reads a file that keep has written.
func readEvents(path string) (events []ircbus.Fields, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	for in := range parseInputs(bytes.NewReader(text)) {
		if in.err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, in.line, in.err)
		}
		events = append(events, in.fields)
	}
	if len(events) == 0 { // keep never writes that
		return nil, fmt.Errorf("%s is empty", path)
	}
	return events, nil
}

// refuse sets an event aside that the bus does not take, so that the others go
// on. The file may grow as large as the spool.
func (s hookSpool) refuse(f ircbus.Fields, why error) error {
	path := filepath.Join(s.dir, "refused")
	if info, err := os.Stat(path); err == nil && info.Size() > maxSpool {
		return nil
	}
	reason := strings.Join(strings.Fields(why.Error()), " ")
	return ircbus.AppendFile(path, fmt.Appendf(nil, "# %s %s\n%s\n", ircbus.FormatTime(time.Now()), reason, f.Encode()))
}
