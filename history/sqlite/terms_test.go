package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ircbus/ircbus"
	"github.com/ircbus/ircbus/history"
)

// indexedStore opens a store in dir whose index has small segments.
func indexedStore(t *testing.T, dir string) *Store {
	t.Helper()
	return storeOfSegments(t, dir, 8, 64)
}

func storeOfSegments(t *testing.T, dir string, small, large int64) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(dir, "events.db"), Options{Log: quiet(), segments: [2]int64{small, large}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// settle waits until the index has nothing to do.
func settle(t *testing.T, s *Store) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for {
		b, err := s.Bounds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, busy := s.terms.missing(int64(b.Oldest), int64(b.Head)); !busy {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the index is not built")
		}
		select {
		case <-time.After(time.Millisecond):
		case <-t.Context().Done():
		}
	}
}

func found(t *testing.T, s *Store, name string, budget int) (ids []ircbus.ID, err error) {
	t.Helper()
	view, err := ircbus.ParseView(name)
	if err != nil {
		t.Fatal(err)
	}
	err = s.Range(t.Context(), history.Query{Views: []ircbus.View{view}, Budget: budget}, func(e *ircbus.Event) error {
		ids = append(ids, e.ID)
		return nil
	})
	return ids, err
}

// TestTermsSpare finds by the index with a budget that would not do to read the
// events.
func TestTermsSpare(t *testing.T) {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	for n := range 20 {
		batch := sample(50)
		for i := range batch {
			batch[i].Fields[1].Value = fmt.Sprintf("Page %d", n*50+i)
			if n == 7 && i == 3 {
				batch[i].Fields[3].Value = "Rara Avis"
			}
		}
		if _, err := s.Append(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	const budget = 100_000 // half of the events; looking into a segment counts, and there may be many small ones
	for _, reopened := range []bool{false, true} {
		settle(t, s)
		for view, want := range map[string]int{
			"#moinmaster?user=rara+avis": 1, "#moinmaster?user=R*": 1, "#moinmaster?page=nothing": 0, "#moinmaster?page=Page+17": 1,
			"#moinmaster?page=Page+17*&action=save": 11, "#moinmaster?page=Page+17*&user=rara*": 0, "#moinmaster?user=rara*&action=S?VE&comment=typo*": 1,
			"#moinmaster?user=" + string(bytes.Repeat([]byte("x"), 130)): 0,
		} {
			if ids, err := found(t, s, view, budget); err != nil || len(ids) != want {
				t.Errorf("reopened %v: %s finds %d events, %v, want %d", reopened, view, len(ids), err, want)
			}
		}
		if !reopened {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = indexedStore(t, dir)
		}
	}
}

// TestTermsForget looks for what was redacted, or removed by retention, in all
// files.
func TestTermsForget(t *testing.T) {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	batch := sample(300)
	batch[5].Fields[3].Value = "unique-removed"
	batch[100].Fields[3].Value = "unique-field"
	batch[101].Fields[1].Value = "unique-event"
	receipts, err := s.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	for _, r := range []ircbus.Redaction{{Target: receipts[100].ID, Names: []string{"user"}, By: "moinmaster"}, {Target: receipts[101].ID, By: "moinmaster"}} {
		if _, err := s.Redact(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if ids, err := found(t, s, "#moinmaster?page="+batch[100].Fields[1].Value, 0); err != nil || len(ids) != 3 { // with two tombstones
		t.Errorf("the rest of the redacted event is found %d times, %v", len(ids), err)
	}
	if _, err := s.Retain(t.Context(), []Retention{{MaxCount: 250}}); err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lacks(t, dir, "unique-field", "unique-event", "unique-removed")
}

// lacks looks for texts in a closed store's files.
func lacks(t *testing.T, dir string, texts ...string) {
	t.Helper()
	for _, name := range []string{"events.db", "events.db-terms"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s still has %s", name, text)
			}
		}
	}
}

// TestTermsForgetMeanwhile: what is redacted while the index is built, which takes
// many rests, is in no file either, and the rest is found.
func TestTermsForgetMeanwhile(t *testing.T) {
	dir := t.TempDir()
	const size = 4096
	s := storeOfSegments(t, dir, size/16, size)
	var secrets []string
	for n := range 3 * 8 {
		batch := sample(size / 8)
		secret := fmt.Sprintf("unique-%d-secret", n)
		secrets = append(secrets, secret)
		batch[n].Fields[3].Value = secret
		receipts, err := s.Append(t.Context(), batch)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: receipts[n].ID, Names: []string{"user"}, By: "moinmaster"}); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, s)
	if ids, err := found(t, s, "#moinmaster?user=unique*", 0); err != nil || len(ids) != 3*8 { // the tombstones
		t.Errorf("%d events are found, %v", len(ids), err)
	}
	if ids, err := found(t, s, "#moinmaster?page=*&user=%D7%A4*", 0); err != nil || len(ids) != 3*size {
		t.Errorf("%d of %d events are found, with the tombstones, %v", len(ids), 3*size, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lacks(t, dir, secrets...)
}

// TestTermsOfMany: a value that many events have is found in all of them, and is
// in no file once it has been taken out of all.
func TestTermsOfMany(t *testing.T) {
	dir := t.TempDir()
	s := storeOfSegments(t, dir, 1024, 1<<16)
	const many = longestIDs/4 + 20 // ids of three digits
	batch := sample(1024)
	for i := range many {
		batch[2*i+200].Fields[3].Value = "unique-busy"
	}
	receipts, err := s.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, s)
	var lists int64
	if err := s.terms.read.QueryRow("SELECT count(*) FROM lists").Scan(&lists); err != nil || lists == 0 {
		t.Fatalf("%d lists, %v", lists, err)
	}
	for i := range many {
		if ids, err := found(t, s, "#moinmaster?user=unique*&action=SAVE", 0); err != nil || len(ids) != many {
			t.Fatalf("%d events are found, with %d tombstones, %v, want %d", len(ids), i, err, many)
		}
		if _, err := s.Redact(t.Context(), ircbus.Redaction{Target: receipts[2*i+200].ID, Names: []string{"user"}, By: "moinmaster"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lacks(t, dir, "unique-busy")
}

// TestTermsOfAnother opens stores with indexes that do not belong to them.
func TestTermsOfAnother(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"missing":  os.Remove,
		"broken":   func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("broken "), 3000), 0o600) },
		"of other": func(path string) error { return copyIndex(t, path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := indexedStore(t, dir)
			if _, err := s.Append(t.Context(), sample(100)); err != nil {
				t.Fatal(err)
			}
			settle(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := spoil(filepath.Join(dir, "events.db-terms")); err != nil {
				t.Fatal(err)
			}
			s = indexedStore(t, dir)
			settle(t, s)
			if ids, err := found(t, s, "#moinmaster?user=%D7%A4*", 0); err != nil || len(ids) != 100 {
				t.Errorf("%d events of 100 are found, %v", len(ids), err)
			}
		})
	}
}

// copyIndex puts the index of another database, which lacks everything, at path.
func copyIndex(t *testing.T, path string) error {
	dir := t.TempDir()
	s := indexedStore(t, dir)
	for range 100 {
		e := sample(1)
		e[0].Fields[3].Value = "nobody"
		if _, err := s.Append(context.Background(), e); err != nil {
			return err
		}
	}
	settle(t, s)
	if err := s.Close(); err != nil {
		return err
	}
	from, err := os.Open(filepath.Join(dir, "events.db-terms"))
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
