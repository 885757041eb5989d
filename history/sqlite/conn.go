package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// conn is a connection used by one goroutine at a time. The writer talks to the
// driver itself: database/sql would cost as much as SQLite does.
type conn struct {
	db         *sqlite3.SQLiteConn
	statements map[string]*statement
}

// statement is a prepared statement with room for its arguments.
type statement struct {
	stmt driver.StmtExecContext
	args []driver.NamedValue
}

// dsn is the address of a database for the driver, with its pragmas.
func dsn(path string, pragmas ...string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	address := url.URL{Scheme: "file", Path: absolute, RawQuery: strings.Join(pragmas, "&")}
	return address.String(), nil
}

func connect(path string, pragmas ...string) (*conn, error) {
	address, err := dsn(path, append(pragmas, "_busy_timeout=10000", "_mutex=no", "mode=rw")...)
	if err != nil {
		return nil, err
	}
	db, err := new(sqlite3.SQLiteDriver).Open(address)
	if err != nil {
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	return &conn{db: db.(*sqlite3.SQLiteConn), statements: map[string]*statement{}}, nil
}

func (c *conn) close() error {
	for _, s := range c.statements {
		s.stmt.(driver.Stmt).Close()
	}
	return c.db.Close()
}

// run executes statements that are not needed often.
func (c *conn) run(query string, args ...any) error {
	_, err := c.db.ExecContext(context.Background(), query, named(make([]driver.NamedValue, len(args)), args))
	return err
}

// exec executes one statement, prepared at its first use, and returns how many
// rows it changed.
func (c *conn) exec(query string, args ...any) (changed int64, err error) {
	s := c.statements[query]
	if s == nil {
		stmt, err := c.db.PrepareContext(context.Background(), query)
		if err != nil {
			return 0, err
		}
		s = &statement{stmt.(driver.StmtExecContext), make([]driver.NamedValue, len(args))}
		c.statements[query] = s
	}
	result, err := s.stmt.ExecContext(context.Background(), named(s.args, args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func named(values []driver.NamedValue, args []any) []driver.NamedValue {
	for i, arg := range args {
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return values
}

// errNoRow says that a query for one row found none.
var errNoRow = errors.New("no row")

// row reads the first row of a query into dest, pointers to int64 or string.
func (c *conn) row(query string, args []any, dest ...any) error {
	err := c.rows(query, args, func() error { return io.EOF }, dest...)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return errNoRow
	}
	return err
}

// rows reads each row of a query into dest and calls fn, until fn fails.
func (c *conn) rows(query string, args []any, fn func() error, dest ...any) error {
	rows, err := c.db.QueryContext(context.Background(), query, named(make([]driver.NamedValue, len(args)), args))
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		for i, value := range values {
			if err := assign(dest[i], value); err != nil {
				return fmt.Errorf("%w in the answer to %q", err, query)
			}
		}
		if err := fn(); err != nil {
			return err
		}
	}
}

func assign(dest any, value driver.Value) error {
	ok := false
	switch dest := dest.(type) {
	case *int64:
		*dest, ok = value.(int64)
	case *string:
		*dest, ok = value.(string)
	}
	if !ok {
		return fmt.Errorf("the database is damaged: an unexpected %T", value)
	}
	return nil
}

// transaction runs fn in a transaction and rolls it back if anything fails.
func (c *conn) transaction(fn func() error) error {
	if !c.db.AutoCommit() { // a ROLLBACK has failed
		if _, err := c.exec("ROLLBACK"); err != nil {
			return err
		}
	}
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		if _, err = c.exec("COMMIT"); err != nil {
			err = &commitError{err}
		}
	}
	// SQLite itself rolls back after some errors.
	if err != nil && !c.db.AutoCommit() {
		if _, rollbackErr := c.exec("ROLLBACK"); rollbackErr != nil {
			return errors.Join(err, rollbackErr)
		}
	}
	return err
}

// commitError tells a failed COMMIT from an earlier failure: what it has
// written may come to light again when a crash follows.
type commitError struct{ err error }

func (e *commitError) Error() string { return e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }
