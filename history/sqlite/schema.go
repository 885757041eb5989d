package sqlite

import (
	"crypto/rand"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrNotOurs is the error for a file that is not a database of the bus, or one
// of a version that this program does not know.
var ErrNotOurs = errors.New("not a database that this ircbus can use")

const (
	applicationID = 0x69726362 // "ircb", in every database of the bus
	headerSize    = 100        // bytes, sqlite.org/fileformat.html, "The Database Header"
	magic         = "SQLite format 3\x00"
)

// schema/N.sql makes version N of the schema out of version N-1. A file that
// has been released is never changed.
//
//go:embed schema/*.sql
var schema embed.FS

// schemaVersion is the newest version, kept in PRAGMA user_version.
const schemaVersion = 5

// header is what a database's first bytes tell about it.
type header struct {
	application, version uint32
}

// readHeader reads the header of path and creates the file, readable by its
// owner alone, if it does not exist. The database must not be open in this
// process: closing a file drops all locks that the process has on it.
func readHeader(path string) (h header, empty bool, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return header{}, false, fmt.Errorf("the database cannot be opened: %w", err)
	}
	defer file.Close()
	first := make([]byte, headerSize)
	n, err := io.ReadFull(file, first)
	switch {
	case errors.Is(err, io.EOF):
		return header{}, true, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return header{}, false, fmt.Errorf("the database cannot be read: %w", err)
	}
	h, err = parseHeader(first[:n])
	return h, false, err
}

func parseHeader(b []byte) (header, error) {
	if len(b) < headerSize || string(b[:len(magic)]) != magic {
		return header{}, fmt.Errorf("%w: it is not an SQLite database", ErrNotOurs)
	}
	return header{
		application: binary.BigEndian.Uint32(b[68:]),
		version:     binary.BigEndian.Uint32(b[60:]),
	}, nil
}

// check refuses what is not ours before SQLite touches it.
func (h header) check() error {
	switch {
	case h.application != applicationID:
		return fmt.Errorf("%w: it belongs to another program; choose another data directory", ErrNotOurs)
	case h.version == 0 || h.version > schemaVersion:
		return fmt.Errorf("%w: its version is %d, this program knows 1 to %d; use a newer ircbus", ErrNotOurs, h.version, schemaVersion)
	}
	return nil
}

// create makes the schema in an empty file. It is done in one transaction and
// not yet in WAL mode, so that the file's header tells whose it is from the
// moment it is there.
func create(path string) error {
	c, err := connect(path, "_journal_mode=DELETE", "_synchronous=EXTRA")
	if err != nil {
		return err
	}
	defer c.close()
	return c.transaction(func() error {
		if err := c.run(fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return err
		}
		for version := 1; version <= schemaVersion; version++ {
			if err := c.applySchema(version); err != nil {
				return err
			}
		}
		return c.run("INSERT INTO log (epoch, head, at) VALUES (?, 0, 0)", strings.ToLower(rand.Text()))
	})
}

// migrate brings an older schema up to date, each step in its transaction.
func migrate(c *conn) error {
	var version int64
	if err := c.row("PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if version < 1 || version > schemaVersion {
		return header{applicationID, uint32(version)}.check()
	}
	for version++; version <= schemaVersion; version++ {
		err := c.transaction(func() error { return c.applySchema(int(version)) })
		if err != nil {
			return fmt.Errorf("the database cannot be brought to version %d: %w", version, err)
		}
	}
	return nil
}

func (c *conn) applySchema(version int) error {
	statements, err := schema.ReadFile(fmt.Sprintf("schema/%d.sql", version))
	if err != nil {
		return err
	}
	if err := c.run(string(statements)); err != nil {
		return err
	}
	return c.run(fmt.Sprintf("PRAGMA user_version = %d", version))
}
