package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
)

// secret is in every event that TestRedactedIsGone redacts.
const secret = "correct-horse-battery-staple"

// mentions counts the secret in the database's files.
func mentions(t *testing.T, path string) (n int) {
	t.Helper()
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(content, []byte(secret))
	}
	return n
}

// mustBeGone waits until the files have nothing secret any more.
func mustBeGone(t *testing.T, path string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Minute)
	for n := mentions(t, path); n > 0; n = mentions(t, path) {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the files still have %d redacted texts", n)
		}
	}
}

// TestRedactedIsGone looks for what was redacted in the files themselves: in
// pages that are free now, in the room left on others, and in the write-ahead
// log.
func TestRedactedIsGone(t *testing.T) {
	s, path := openNew(t)
	var secrets []ircbus.ID
	for i := range 60 {
		comment := "ordinary"
		if i%5 == 0 { // of some lengths, the longest of which fill pages of their own
			comment = strings.Repeat("x", i*i*4) + secret
		}
		receipts, err := s.Append(t.Context(), []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{
			{Key: "page", Value: fmt.Sprint("P", i)}, {Key: "comment", Value: comment}}}})
		if err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			secrets = append(secrets, receipts[0].ID)
		}
	}
	if _, err := s.Retain(t.Context(), []Retention{{MaxCount: 50}}); err != nil { // moves what stays
		t.Fatal(err)
	}
	kept := secrets[2:]
	reader := openReader(t, path)
	for i, id := range kept {
		r := ircbus.Redaction{Target: id, By: "a"}
		if i%2 == 0 {
			r.Names = []string{"comment"}
		}
		if _, err := s.Redact(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if mentions(t, path) == 0 {
		t.Fatal("a reader who began before must still find what it reads")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustBeGone(t, path)
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := Copy(t.Context(), path, copied); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(copied); err != nil || bytes.Contains(content, []byte(secret)) {
		t.Errorf("a backup has what was redacted (%v)", err)
	}
	report, err := Check(t.Context(), path)
	if err != nil || len(report.Problems) > 0 {
		t.Errorf("after redactions: %v, %v", report.Problems, err)
	}
}

// TestRetractedIsGone is the same for what people say.
func TestRetractedIsGone(t *testing.T) {
	s, path := openNew(t)
	for i := range 20 {
		text := "ordinary"
		if i == 7 {
			text = secret
		}
		s.Keep(ircbus.Message{Target: "#talk", At: time.Now(), MsgID: fmt.Sprint(i), Command: "PRIVMSG", Params: []string{"#talk", text}})
	}
	if n, err := s.Retract(t.Context(), "7"); n != 1 || err != nil {
		t.Fatalf("retracted %d, %v", n, err)
	}
	mustBeGone(t, path)
}

// openReader begins to read the database as it is now.
func openReader(t *testing.T, path string) *sql.Tx {
	t.Helper()
	db, err := openReaders(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow("SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return tx
}

// TestRedactAfterCrash checks that the write-ahead log which a crash has left
// is emptied at the next start.
func TestRedactAfterCrash(t *testing.T) {
	s, path := openNew(t)
	receipts, err := s.Append(t.Context(), []ircbus.Event{{Channel: "#a", Publisher: "a", Fields: ircbus.Fields{{Key: "page", Value: secret}}}})
	if err != nil {
		t.Fatal(err)
	}
	reader := openReader(t, path)
	if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: receipts[0].ID, By: "a"}); err != nil {
		t.Fatal(err)
	}
	crashed := filepath.Join(t.TempDir(), "events.db") // as a crash would leave it
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err == nil {
			err = os.WriteFile(crashed+suffix, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if mentions(t, crashed) == 0 {
		t.Fatal("nothing is left that could be cleaned")
	}
	openFile(t, crashed)
	mustBeGone(t, crashed)
}
