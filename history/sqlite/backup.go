package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Copy writes a consistent copy of the database at path to dest, a file that
// must not exist. A bus may be writing to the database meanwhile; the copy has
// what was on disk when it began.
//
// The copy has no epoch: it gets a new one each time a copy of it is opened. Ids
// that the original gives out after the copy was made will be given out again
// by the bus that goes on with the copy, and its epoch tells everybody who kept
// a cursor that it is another log (docs/protocol.md, "Events").
func Copy(ctx context.Context, path, dest string) (err error) {
	source, err := connectExisting(path)
	if err != nil {
		return err
	}
	defer source.close()
	file, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	file.Close() // empty, as VACUUM INTO wants it
	defer func() {
		if err != nil {
			os.Remove(dest)
		}
	}()
	if _, err := source.db.ExecContext(ctx, "VACUUM INTO ?", named(make([]driver.NamedValue, 1), []any{dest})); err != nil {
		return fmt.Errorf("%s cannot be copied: %w", path, err)
	}
	target, err := connect(dest, "_journal_mode=DELETE", "_synchronous=FULL")
	if err != nil {
		return err
	}
	return errors.Join(target.run("UPDATE log SET epoch = ''"), target.close())
}

// connectExisting opens a database of the bus that is there already.
func connectExisting(path string, pragmas ...string) (*conn, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("there is no database to read: %w", err)
	}
	c, err := connect(path, pragmas...)
	if err != nil {
		return nil, err
	}
	var application, version int64
	err = errors.Join(
		c.row("PRAGMA application_id", nil, &application),
		c.row("PRAGMA user_version", nil, &version),
	)
	if err == nil {
		err = header{uint32(application), uint32(version)}.check()
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// renewEpoch gives a copy that goes on by itself an epoch of its own.
func (w *writer) renewEpoch(epoch string) (string, error) {
	if epoch != "" {
		return epoch, nil
	}
	epoch = strings.ToLower(rand.Text())
	return epoch, w.db.run("UPDATE log SET epoch = ?", epoch)
}
