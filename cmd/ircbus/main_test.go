package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the real program, for tests of signals, locks and exit codes.
var binary string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ircbus-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, variable := range []string{"IRCBUS_DATA", "IRCBUS_CONFIG", "IRCBUS_PASSWORD", "IRCBUS_TOKEN"} {
		os.Unsetenv(variable)
	}
	binary = filepath.Join(dir, "ircbus")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// invoke runs one command line in this process.
func invoke(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitUsage, "ircbus demo"},
		{[]string{"nonsense"}, exitUsage, "nonsense"},
		{[]string{"serve", "--nonsense"}, exitUsage, "--nonsense"},
		{[]string{"serve", "--irc", "nonsense"}, exitUsage, "host:port"},
		{[]string{"serve", "--irc-tls", "127.0.0.1:0"}, exitUsage, "--cert and --key"},
		{[]string{"serve", "--config", file + ".not"}, exitUsage, "no such file"},
		{[]string{"demo", "--pace", "0s"}, exitUsage, "--pace"},
		{[]string{"check-config"}, exitUsage, "no file to check"},
		{[]string{"serve", "--data", filepath.Join(file, "data"), "--irc", "127.0.0.1:0", "--http", "127.0.0.1:0"}, exitFailed, "--data"},
	} {
		code, out, errs := invoke(t, test.args...)
		if code != test.code || !strings.Contains(errs, test.says) || strings.Count(errs, "\n") != 1 || out != "" {
			t.Errorf("ircbus %q: code %d, stdout %q, stderr %q; want code %d and one line with %q",
				test.args, code, out, errs, test.code, test.says)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"version"}, {"config"}} {
		if code, out, errs := invoke(t, args...); code != exitDone || out == "" || errs != "" {
			t.Errorf("ircbus %q: code %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
}

func TestVersionJSON(t *testing.T) {
	code, out, _ := invoke(t, "version", "--json")
	if code != exitDone || !strings.HasPrefix(out, `{"version":"`) {
		t.Errorf("code %d, %q", code, out)
	}
}
