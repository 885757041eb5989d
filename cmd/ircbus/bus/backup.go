package bus

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history/sqlite"
	"github.com/ircbus/ircbus/ircd/account"
)

// Backup writes everything in the data directory that makes the bus, events,
// accounts, descriptions, read markers, bans, the cloaks' key and the places of
// doors, to a new tar file that only its owner can read. The bus may be running.
// Unpacked into an empty directory it is a data directory again: of a bus that
// goes on under a new epoch, so that nobody takes the ids it gives out for those
// of the old one.
//
// While it works it needs twice the room of the events beside file.
func Backup(ctx context.Context, data, file string) (err error) {
	if err := checkThere(data); err != nil {
		return err
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already: name a new file", file)
	}
	work, err := os.MkdirTemp(filepath.Dir(file), ".ircbus-backup-")
	if err != nil {
		return fmt.Errorf("no backup can be written beside %s: %w", file, cause(err))
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	parts, err := copyPlaces(data, work)
	if err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	events := filepath.Join(work, EventsFile)
	if err := sqlite.Copy(ctx, filepath.Join(data, EventsFile), events); err != nil {
		return err
	}
	parts = append(parts, events)
	for _, name := range []string{AccountsFile, WikisFile, MarkersFile, KLinesFile, CloakFile} {
		parts = append(parts, filepath.Join(data, name))
	}
	packed := filepath.Join(work, "backup.tar")
	if err := pack(packed, parts); err != nil {
		return fmt.Errorf("the backup cannot be written: %w", err)
	}
	return ircbus.MoveFile(packed, file)
}

// copyPlaces copies the files that say up to where doors have come, and returns the
// copies. It has to be done before events are copied: what is in these, but behind
// a place, comes again and is known by its key; what is before a place, but not in
// them, would never come.
func copyPlaces(data, work string) (copies []string, err error) {
	entries, err := os.ReadDir(data)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if polled, _ := filepath.Match(pollFile("*"), name); !polled && name != MoinFile && name != StreamFile {
			continue
		}
		place, err := os.ReadFile(filepath.Join(data, name))
		if err != nil {
			return nil, err
		}
		to := filepath.Join(work, name)
		if err := ircbus.ReplaceFile(to, place); err != nil {
			return nil, err
		}
		copies = append(copies, to)
	}
	return copies, nil
}

// checkThere is the error where no bus has run yet, or where none is.
func checkThere(data string) error {
	if _, err := os.Stat(filepath.Join(data, EventsFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no bus has run in %s: name the data directory of one with --data or its configuration with --config", data)
	}
	return nil
}

// pack writes those of the files that there are into a tar file, on disk when
// it returns.
func pack(path string, files []string) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := tar.NewWriter(out)
	for _, file := range files {
		if err := packFile(w, file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Sync()
}

func packFile(w *tar.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	err = w.WriteHeader(&tar.Header{
		Name: filepath.Base(path), Mode: 0o600, Size: info.Size(), ModTime: info.ModTime().Truncate(time.Second),
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}

// CheckData says what is wrong in a data directory, a sentence each, and what
// the log holds. A bus may be running on it.
func CheckData(ctx context.Context, data string) (sqlite.Report, error) {
	if err := checkThere(data); err != nil {
		return sqlite.Report{}, err
	}
	events := filepath.Join(data, EventsFile)
	report, err := sqlite.Check(ctx, events)
	switch {
	case errors.Is(err, sqlite.ErrNotOurs), ctx.Err() != nil:
		return report, err
	case err != nil: // it could not even be read to its end
		report.Problems = append(report.Problems, fmt.Sprintf("%s cannot be read (%v): unpack a backup into a new directory", events, err))
	}
	if _, err := account.Open(filepath.Join(data, AccountsFile), account.Options{}); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	if _, err := openDescriptions(filepath.Join(data, WikisFile)); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	if _, err := openMarkers(filepath.Join(data, MarkersFile)); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	if _, err := loadKLines(filepath.Join(data, KLinesFile)); err != nil {
		report.Problems = append(report.Problems, err.Error())
	}
	return report, nil
}
