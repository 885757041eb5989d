package ircbus_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus"
)

func wantFile(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s has %q, %v; want %q", path, got, err, want)
	}
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s has %q, want %q", dir, got, want)
	}
}

// TestCaseB1Replace: a file is the old one or the new one, and nothing is left
// beside it, whatever a killed process had left there.
func TestCaseB1Replace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	if err := ircbus.ReplaceFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Symlink(elsewhere, filepath.Join(dir, ".a.json.new")); err != nil {
		t.Fatal(err)
	}
	if err := ircbus.ReplaceFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "new")
	if _, err := os.Lstat(elsewhere); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	full := errors.New("the disk is full")
	file, err := ircbus.InstallFile(path, 0o600, func(file *os.File) error {
		_, err := file.WriteString("half of it")
		return errors.Join(err, full)
	})
	if file != nil || !errors.Is(err, full) {
		t.Errorf("got %v, %v", file, err)
	}
	wantFile(t, path, "new")
	wantNames(t, dir, "a.json")
}

// TestCaseB1Names: directories, moved files and what is appended.
func TestCaseB1Names(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := ircbus.MakeDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	log, moved := filepath.Join(dir, "log"), filepath.Join(dir, "..", "moved")
	for _, line := range []string{"one\n", "two\n"} {
		if err := ircbus.AppendFile(log, []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := ircbus.MoveFile(log, moved); err != nil {
		t.Fatal(err)
	}
	wantFile(t, moved, "one\ntwo\n")
	wantNames(t, dir)
	made := filepath.Join(dir, "made")
	if err := ircbus.CreateFile(made, 0o644, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if err := ircbus.CreateFile(made, 0o644, []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	wantFile(t, made, "whole")
	wantNames(t, dir, "made")
	for name, err := range map[string]error{
		"a directory where a file is":      ircbus.MakeDir(moved),
		"a directory below a file":         ircbus.MakeDir(filepath.Join(moved, "c")),
		"a file in no directory":           ircbus.ReplaceFile(filepath.Join(dir, "none", "file"), nil),
		"more in no directory":             ircbus.AppendFile(filepath.Join(dir, "none", "file"), nil),
		"a file that is not there, moved":  ircbus.MoveFile(log, moved),
		"the names of no directory synced": ircbus.SyncDir(log),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCaseB1OneFunction: nothing else in the module renames files or writes whole
// ones, so that nothing can forget to sync.
func TestCaseB1OneFunction(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bench" || path != "." && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir // what measures keeps nothing
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || path == "file.go":
			return nil
		}
		checkWrites(t, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func checkWrites(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if name, ok := selector.X.(*ast.Ident); ok && name.Name == "os" {
				switch selector.Sel.Name {
				case "Rename", "WriteFile", "Create", "CreateTemp", "Link", "Symlink", "Mkdir", "MkdirAll":
					t.Errorf("%s: os.%s: use ReplaceFile and the functions beside it", files.Position(n.Pos()), selector.Sel.Name)
				}
			}
		}
		return true
	})
}
