package bench

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the database of the bus

	"github.com/ircbus/ircbus/cmd/ircbus/bench/load"
)

// floorFor is how long the disk is measured.
const floorFor = time.Second

// diskCommits measures what the disk itself needs: how long a transaction of one
// row takes that is on disk afterwards. Nothing durable can be acknowledged
// faster, one at a time.
func diskCommits(ctx context.Context, path string) (*load.Histogram, error) {
	defer func() {
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(path + end)
		}
	}()
	address := url.URL{Scheme: "file", Path: path, RawQuery: "_journal_mode=WAL&_synchronous=FULL"}
	db, err := sql.Open("sqlite3", address.String())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE row (id INTEGER PRIMARY KEY, body TEXT)"); err != nil {
		return nil, fmt.Errorf("the disk cannot be measured: %w", err)
	}
	insert, err := db.PrepareContext(ctx, "INSERT INTO row (body) VALUES (?)")
	if err != nil {
		return nil, err
	}
	defer insert.Close()
	var took load.Histogram
	body := strings.Repeat("x", 230)
	for end := time.Now().Add(floorFor); time.Now().Before(end); {
		began := time.Now()
		if _, err := insert.ExecContext(ctx, body); err != nil {
			return nil, fmt.Errorf("the disk cannot be measured: %w", err)
		}
		took.Record(time.Since(began))
	}
	return &took, nil
}
