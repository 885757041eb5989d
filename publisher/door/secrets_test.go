package door

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write("# clients\nnagios  it is down\n\nbackup\tsecond\r\n", 0o600)
	s, err := OpenSecrets(path)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(name, secret string, want bool) {
		t.Helper()
		if ok, err := s.Check(t.Context(), name, secret, netip.MustParseAddr("192.0.2.1")); ok != want {
			t.Errorf("%q %q: %v, %v", name, secret, ok, err)
		}
	}
	expect("nagios", "it is down", true)
	expect("nagios", "it is up", false)
	expect("backup", "second", true)
	expect("other", "", false)
	write("backup second\n", 0o600)
	expect("nagios", "it is down", false) // revoked
	expect("backup", "second", true)
	write("backup second\n", 0o644)
	expect("backup", "second", false)
	for text, want := range map[string]string{"": "no secret", "a": "line 1 must be", "a b\na c": "second secret"} {
		write(text, 0o600)
		if _, err := OpenSecrets(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := OpenSecrets(path + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}
