package ircbus

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCaseB1InPlace: without hard links a file is made where it is, and none is
// overwritten.
func TestCaseB1InPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain")
	if err := createInPlace(path, 0o644, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := createInPlace(path, 0o644, []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
}
