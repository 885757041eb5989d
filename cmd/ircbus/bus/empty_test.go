package bus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ircbus/ircbus/publisher/door"
)

// TestCaseB10: a file that holds state and is empty has lost it. The bus says which
// file that is, and does not begin anew in silence; cloak.key is TestCaseB1's.
func TestCaseB10(t *testing.T) {
	for _, name := range []string{AccountsFile, WikisFile, MarkersFile, KLinesFile} {
		t.Run(name, func(t *testing.T) {
			c := quiet(t)
			empty(t, filepath.Join(c.Data, name))
			refusesEmpty(t, c, name)
		})
	}
	t.Run("password_file", func(t *testing.T) {
		c := quiet(t)
		c.PasswordFile = empty(t, filepath.Join(t.TempDir(), "password"))
		refusesEmpty(t, c, c.PasswordFile)
	})
	t.Run("places", func(t *testing.T) {
		load, _ := keptIn(empty(t, filepath.Join(t.TempDir(), "place")))
		if text, err := load(); err != nil || text == nil {
			t.Errorf("an empty place is taken for none: %v, %v", text, err)
		}
		if _, err := loadPlace(empty(t, filepath.Join(t.TempDir(), "place")), "http://127.0.0.1/"); err == nil {
			t.Error("an empty place in a stream is taken for none")
		}
	})
	t.Run("secrets", func(t *testing.T) {
		if _, err := door.OpenSecrets(empty(t, filepath.Join(t.TempDir(), "secrets"))); err == nil {
			t.Error("an empty file of secrets is taken")
		}
	})
}

// empty makes an empty file, and returns its path.
func empty(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func refusesEmpty(t *testing.T, c Config, name string) {
	t.Helper()
	b, err := Start(t.Context(), c)
	if err == nil {
		stopBus(t, b)
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), name) {
		t.Errorf("%v", err)
	}
}
