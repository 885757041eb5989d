package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

func openFile(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Log: quiet(), ProbeEvery: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func openNew(t *testing.T) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.db")
	return openFile(t, path), path
}

// raw executes statements over a connection of its own.
func raw(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func events(t *testing.T, s *Store) (list []ircbus.Event) {
	t.Helper()
	err := s.Range(t.Context(), history.Query{}, func(e *ircbus.Event) error {
		list = append(list, *e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestUpgrade(t *testing.T) {
	old, err := os.ReadFile("testdata/v1.db")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.db")
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	s := openFile(t, path)
	at := func(n int64) time.Time { return time.UnixMicro(1795169000000000 + n).UTC() }
	want := []string{
		"1 #moinmaster moinmaster wiki=MoinMaster&page=פתיחה&action=SAVE&user=פלוני+אלמוני&time=2026-11-20T10:43:20.000001Z&key=k1",
		"2 #moinmaster moinmaster page=A&time=2026-11-20T10:43:20.000002Z",
		"3 #other other page=B&time=2026-11-20T10:43:20.000003Z&key=k1",
		"4 #moinmaster MoinMaster page=C&time=2026-11-20T10:43:20.000004Z&key=k1",
		"6 #moinmaster MoinMaster page=D&time=2026-11-20T10:43:20.000006Z&key=k2",
	}
	var got []string
	for _, e := range events(t, s) {
		got = append(got, fmt.Sprint(e.ID, " ", e.Channel, " ", e.Publisher, " ", e.Fields.Encode()))
		if !e.At.Equal(at(int64(e.ID))) {
			t.Errorf("event %d was accepted at %v", e.ID, e.At)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events after the upgrade (-want +got):\n%s", diff)
	}
	b, err := s.Bounds(t.Context())
	if diff := cmp.Diff(history.Bounds{Epoch: "v1epoch", Head: 6, Oldest: 1}, b); diff != "" || err != nil {
		t.Errorf("bounds after the upgrade: %v (-want +got):\n%s", err, diff)
	}
	keyed := func(publisher, key string) ircbus.Event {
		return ircbus.Event{Channel: "#moinmaster", Publisher: publisher, Fields: ircbus.Fields{{Key: "key", Value: key}}}
	}
	receipts, err := s.Append(t.Context(), []ircbus.Event{keyed("MOINMASTER", "k1"), keyed("other", "k1"), keyed("moinmaster", "k2"), keyed("other", "k2")})
	if err != nil {
		t.Fatal(err)
	}
	wantReceipts := []ircbus.Receipt{{ID: 1, At: at(1), Duplicate: true}, {ID: 3, At: at(3), Duplicate: true}, {ID: 6, At: at(6), Duplicate: true}, {ID: 7, At: receipts[3].At}}
	if diff := cmp.Diff(wantReceipts, receipts); diff != "" {
		t.Errorf("keys after the upgrade (-want +got):\n%s", diff)
	}
}

// TestNotOurs checks that what belongs to others is refused and left untouched.
func TestNotOurs(t *testing.T) {
	dir := t.TempDir()
	foreign, newer := filepath.Join(dir, "foreign.db"), filepath.Join(dir, "newer.db")
	raw(t, foreign, "CREATE TABLE t (a)", "PRAGMA user_version = 1")
	raw(t, newer, "CREATE TABLE t (a)", fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion+1))
	hollow := filepath.Join(dir, "hollow.db")
	raw(t, hollow, "CREATE TABLE t (a)", fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion))
	text, short := filepath.Join(dir, "text.db"), filepath.Join(dir, "short.db")
	os.WriteFile(text, bytes.Repeat([]byte("Dear diary, "), 100), 0o600)
	os.WriteFile(short, []byte("SQLite format 3\x00"), 0o600)
	for path, says := range map[string]string{
		foreign: "another program", newer: "use a newer ircbus", text: "not an SQLite database", short: "not an SQLite database", hollow: "state cannot be read",
	} {
		before, _ := os.ReadFile(path)
		_, err := Open(t.Context(), path, Options{})
		if !errors.Is(err, ErrNotOurs) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		if after, _ := os.ReadFile(path); path != hollow && !bytes.Equal(before, after) {
			t.Errorf("%s has been changed", filepath.Base(path))
		}
	}
	if _, err := Open(t.Context(), dir, Options{}); err == nil {
		t.Error("a directory was opened as a database")
	}
	if _, err := Open(t.Context(), filepath.Join(dir, "nowhere", "events.db"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that does not exist: %v", err)
	}
}

func TestInUse(t *testing.T) {
	s, path := openNew(t)
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("second Open: %v", err)
	}
	if _, err := s.Append(t.Context(), sample(1)); err != nil {
		t.Errorf("the second Open has disturbed the first: %v", err)
	}
	s.Close()
	openFile(t, path)
}

func TestPathIsEscaped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what?mode=ro&50%#.db")
	s := openFile(t, path)
	if _, err := s.Append(t.Context(), sample(1)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func FuzzHeader(f *testing.F) {
	old, err := os.ReadFile("testdata/v1.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(old[:headerSize])
	f.Add([]byte("SQLite format 3\x00"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, first []byte) {
		h, err := parseHeader(first)
		if err == nil {
			err = h.check()
		}
		if err != nil && !errors.Is(err, ErrNotOurs) {
			t.Errorf("%v is not ErrNotOurs", err)
		}
	})
}

// FuzzDatabase opens databases with some bytes changed: whatever they hold, the
// store answers or fails, and an event that it gives is whole.
func FuzzDatabase(f *testing.F) {
	old, err := os.ReadFile("testdata/v1.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), []byte{})
	f.Add(uint16(60), []byte{0, 0, 0, 2})
	f.Add(uint16(bytes.Index(old, []byte("page=A&"))), []byte("%%%%"))
	f.Add(uint16(bytes.Index(old, []byte("#other"))), []byte{0xff, 0})
	f.Add(uint16(bytes.Index(old, []byte("v1epoch"))-6), []byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, offset uint16, patch []byte) {
		changed := bytes.Clone(old)
		copy(changed[min(int(offset), len(changed)):], patch)
		path := filepath.Join(t.TempDir(), "events.db")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), path, Options{Log: quiet()})
		if err != nil {
			return
		}
		defer s.Close()
		s.Range(t.Context(), history.Query{From: time.Unix(1, 0)}, func(e *ircbus.Event) error {
			if _, err := ircbus.Parse(e.Fields.Encode()); err != nil {
				t.Errorf("event %d: %v", e.ID, err)
			}
			return nil
		})
		s.Append(t.Context(), sample(3))
		s.Retain(t.Context(), []Retention{{MaxCount: 1}})
	})
}
