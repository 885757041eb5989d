package sqlite

import (
	"os"
	"testing"
)

// TestCheckpoints checks that the write-ahead log is copied back beside the
// commits, and then begun anew, while others publish all the time.
func TestCheckpoints(t *testing.T) {
	s, path := openNew(t)
	frames := func() (frames int64) {
		err := s.onWriter(t.Context(), func(w *writer) (err error) {
			s.checkpoints.usual = 64
			_, frames, _, err = w.db.checkpoint("NOOP")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return frames
	}
	n := 0
	for before := frames(); ; n += 100 {
		if _, err := s.Append(t.Context(), sample(100)); err != nil {
			t.Fatal(err)
		}
		now := frames()
		if now < before {
			break
		}
		if before = now; now > usualLog/frameSize {
			t.Fatalf("the log has %d frames", now)
		}
	}
	n += 100
	if size := info(t, path).Size(); size < 64*4096 {
		t.Errorf("the database has %d bytes", size)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := len(events(t, openFile(t, path))); got != n {
		t.Errorf("%d events are there after a restart, want %d", got, n)
	}
}

// TestRoom checks that small commits make the log's file longer once in a while,
// and not each time.
func TestRoom(t *testing.T) {
	s, path := openNew(t)
	const commits = 100
	var size int64
	longer := 0
	for range commits {
		if _, err := s.Append(t.Context(), sample(1)); err != nil {
			t.Fatal(err)
		}
		if now := info(t, path+"-wal").Size(); now != size {
			size = now
			longer++
		}
	}
	if longer > commits/10 {
		t.Errorf("%d commits have made the log longer %d times, to %d bytes", commits, longer, size)
	}
}

func info(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}
