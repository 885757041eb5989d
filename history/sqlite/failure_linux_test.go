package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/ircbus/ircbus/history/historytest"
)

// TestWriteError has the kernel fail every write to any file (EFBIG, to SQLite
// an I/O error). The limit counts for the whole process, hence the child.
func TestWriteError(t *testing.T) {
	if !inChild(t) {
		mustPass(t, child(t))
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // else the limit ends the process
	var normal syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &normal); err != nil {
		t.Fatal(err)
	}
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: normal.Max}); err != nil {
			t.Fatal(err)
		}
	}
	historytest.Failure(t, harness(t.TempDir(), nil), func(*testing.T, historytest.Store) func() {
		limit(0)
		return func() { limit(normal.Cur) }
	})
}

// TestCaseB8: a store that is opened where little more can be written says so at once,
// not with the first event, and recovers by itself. (Where nothing at all can be
// written it does not open.)
func TestCaseB8(t *testing.T) {
	if !inChild(t) {
		mustPass(t, child(t))
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	var normal syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &normal); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "events.db")
	open := func() *Store {
		s, err := Open(t.Context(), path, Options{Log: quiet(), ProbeEvery: 20 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if err := open().Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 48 << 10, Max: normal.Max}); err != nil {
		t.Fatal(err)
	}
	s := open()
	if s.Writable() == nil {
		t.Error("it counts as writable")
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &normal); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return s.Writable() == nil })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk fills a small file system of its own, which a child can mount in
// its own namespaces without being root. Where the kernel or a container forbids
// that to everybody, a directory's quota of pages stands for it.
func TestFullDisk(t *testing.T) {
	if !inChild(t) {
		cmd := child(t)
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		}
		if allowed(cmd.SysProcAttr) {
			mustPass(t, cmd)
			return
		}
		t.Log("this system allows no namespaces: SQLite's own limit stands for a full disk")
		historytest.Failure(t, harness(t.TempDir(), nil), quota)
		return
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	historytest.Failure(t, harness(dir, nil), func(t *testing.T, _ historytest.Store) func() {
		return fill(t, filepath.Join(dir, "filler"))
	})
}

// allowed reports whether a process may be started with these attributes and
// may mount there.
func allowed(attr *syscall.SysProcAttr) bool {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	probe := exec.Command("mount", "-t", "tmpfs", "none", dir)
	probe.SysProcAttr = attr
	return probe.Run() == nil
}

// fill writes to a file until the disk is full.
func fill(t *testing.T, path string) (empty func()) {
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	block := make([]byte, 64<<10)
	for size := len(block); size > 0; {
		_, err := file.Write(block[:size])
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}
