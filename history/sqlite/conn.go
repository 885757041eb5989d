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

// row returns the first row of a query.
func (c *conn) row(query string, args ...any) ([]driver.Value, error) {
	rows, err := c.db.QueryContext(context.Background(), query, named(make([]driver.NamedValue, len(args)), args))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errNoRow
		}
		return nil, err
	}
	return values, nil
}

// int returns the first column of a query's first row.
func (c *conn) int(query string, args ...any) (int64, error) {
	values, err := c.row(query, args...)
	if err != nil {
		return 0, err
	}
	n, ok := values[0].(int64)
	if !ok {
		return 0, fmt.Errorf("%q gave %T instead of a number", query, values[0])
	}
	return n, nil
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
