package account_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/ircbus/ircbus/ircd/account"
)

// childEnv makes the test binary another process that adds accounts: its value
// is the file, its arguments are a prefix of names and how many.
const childEnv = "IRCBUS_TEST_ACCOUNTS"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path, os.Args[1]))
	}
	os.Exit(m.Run())
}

// child adds publishers, naming each on standard output once it is added, until
// one fails or forty are there.
func child(path, prefix string) int {
	store, err := account.Open(path, account.Options{})
	for i := 0; i < 40 && err == nil; i++ {
		name := fmt.Sprintf("%s%d", prefix, i)
		if err = store.Add(account.Account{Name: name, Role: account.Publisher}, ""); err == nil {
			fmt.Println(name)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startChild starts another process that adds accounts; the scanner yields the
// names that it has added.
func startChild(t *testing.T, path, prefix string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, prefix)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// open returns a store in a new directory, and its file.
func open(t *testing.T) (*account.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "accounts.json")
	return openAt(t, path), path
}

func openAt(t *testing.T, path string) *account.Store {
	t.Helper()
	store, err := account.Open(path, account.Options{Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func testLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func add(t *testing.T, store *account.Store, name string, role account.Role, password string, channels ...string) {
	t.Helper()
	if err := store.Add(account.Account{Name: name, Role: role, Channels: channels}, password); err != nil {
		t.Fatal(err)
	}
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
